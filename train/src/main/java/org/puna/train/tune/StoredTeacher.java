package org.puna.train.tune;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Entry;
import org.puna.model.safetensors.Safetensors;
import org.puna.train.data.Fingerprint;
import org.puna.train.loss.TopK;

/**
 * What a teacher said to some texts, in a safetensors file, so that a student learns from it
 * without the teacher in memory.
 *
 * <p>Tensors: {@value #TOKENS} I32 [N], all texts one after another; {@value #LEARNED} U8 [N],
 * whether a token is guessed and learned; {@value #BOUNDS} I64 [texts + 1], where each begins; for
 * the M tokens that are learned, in order, {@value #IDS} I32 [M, k], rising in each row, {@value
 * #LOG_PROBS} F32 [M, k] and {@value #REST} F32 [M], the log-probability of all other tokens
 * together; {@value #CHECKSUMS} I64 [6], the CRC-32C of each of these.
 */
final class StoredTeacher implements AutoCloseable {
  static final String KIND = "puna.distillation";
  static final String TOKENS = "tokens";
  static final String LEARNED = "learned";
  static final String BOUNDS = "bounds";
  static final String IDS = "top_ids";
  static final String LOG_PROBS = "top_logprobs";
  static final String REST = "rest_logprobs";
  static final String CHECKSUMS = "checksums";

  /** The tensors that have checksums, in their order. */
  static final List<String> PARTS = List.of(TOKENS, LEARNED, BOUNDS, IDS, LOG_PROBS, REST);

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int MOST_K = 1 << 20;

  /** Probabilities are float32 numbers: their sum may miss 1 by that much. */
  private static final double ROUNDING = 1e-3;

  private final Path path;
  private final Safetensors file;
  private final MemorySegment ids;
  private final MemorySegment logProbs;
  private final MemorySegment rest;
  private final List<Example> examples = new ArrayList<>();
  private final List<Long> firstRows = new ArrayList<>();
  private final int k;
  private final double temperature;
  private final int vocabSize;
  private final int rowsPerStep;

  /**
   * Maps a file and checks it whole.
   *
   * @throws BadInput if it is none of these, or is damaged
   */
  StoredTeacher(Path path) {
    this.path = path;
    file = Safetensors.open(path);
    try {
      if (!KIND.equals(file.metadata().get("kind"))) {
        throw new BadInput(
            path + ": expected what `puna distill --store` writes, found another kind of file");
      }
      k = (int) whole("k", 1, MOST_K);
      vocabSize = (int) whole("vocab_size", 1, Integer.MAX_VALUE);
      rowsPerStep = (int) whole("rows_per_step", 0, 1 << 20);
      temperature = number("temperature");
      checksums();
      long tokens = entry(TOKENS, Dtype.I32, null).data().byteSize() / Integer.BYTES;
      entry(LEARNED, Dtype.U8, new long[] {tokens});
      long rows = entry(REST, Dtype.F32, null).data().byteSize() / Float.BYTES;
      ids = entry(IDS, Dtype.I32, new long[] {rows, k}).data();
      logProbs = entry(LOG_PROBS, Dtype.F32, new long[] {rows, k}).data();
      rest = entry(REST, Dtype.F32, new long[] {rows}).data();
      if (examples(tokens) != rows) {
        throw damaged(rows + " rows are told, another number of tokens is learned");
      }
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Returns a fingerprint of all that was said, texts and probabilities. */
  String fingerprint() {
    MemorySegment stored = entry(CHECKSUMS, Dtype.I64, new long[] {PARTS.size()}).data();
    return new Fingerprint().add(stored).text();
  }

  private BadInput damaged(String what) {
    return new BadInput(path + ": " + what + "; store the teacher anew");
  }

  private long whole(String key, long least, long most) {
    double v = number(key);
    if (v != Math.rint(v) || v < least || v > most) {
      throw damaged("metadata \"" + key + "\": expected " + least + " to " + most);
    }
    return (long) v;
  }

  private double number(String key) {
    try {
      double v = Double.parseDouble(file.metadata().getOrDefault(key, ""));
      if (Double.isFinite(v) && v >= 0) return v;
    } catch (NumberFormatException _) {
      // Told below.
    }
    throw damaged("metadata \"" + key + "\" is no number");
  }

  private Entry entry(String name, Dtype dtype, long @Nullable [] shape) {
    Entry e = file.entries().get(name);
    if (e == null) throw damaged("tensor \"" + name + "\" is missing");
    boolean fits = shape == null ? e.shape().length == 1 : Arrays.equals(e.shape(), shape);
    if (e.dtype() != dtype || !fits) {
      throw damaged(
          "tensor \""
              + name
              + "\": found "
              + e.dtype()
              + " "
              + Arrays.toString(e.shape())
              + ", which does not fit the others");
    }
    return e;
  }

  private void checksums() {
    MemorySegment stored = entry(CHECKSUMS, Dtype.I64, new long[] {PARTS.size()}).data();
    for (int i = 0; i < PARTS.size(); i++) {
      Entry e = file.entries().get(PARTS.get(i));
      if (e == null) throw damaged("tensor \"" + PARTS.get(i) + "\" is missing");
      CRC32C crc = new CRC32C();
      for (long at = 0; at < e.data().byteSize(); at += 1 << 20) {
        long n = Math.min(1 << 20, e.data().byteSize() - at);
        crc.update(e.data().asSlice(at, n).asByteBuffer());
      }
      if (crc.getValue() != stored.getAtIndex(LONG, i)) {
        throw damaged("tensor \"" + PARTS.get(i) + "\": the checksum is wrong, it is damaged");
      }
    }
  }

  /** Cuts the texts apart; returns how many of their tokens are learned. */
  private long examples(long tokens) {
    MemorySegment all = entry(TOKENS, Dtype.I32, null).data();
    MemorySegment learned = entry(LEARNED, Dtype.U8, null).data();
    Entry bounds = entry(BOUNDS, Dtype.I64, null);
    long n = bounds.data().byteSize() / Long.BYTES;
    long rows = 0;
    for (long i = 0; i + 1 < n; i++) {
      long from = bounds.data().getAtIndex(LONG, i);
      long to = bounds.data().getAtIndex(LONG, i + 1);
      boolean edges = (i > 0 || from == 0) && (i + 2 < n || to == tokens);
      if (!edges || from < 0 || to <= from || to > tokens || to - from > Integer.MAX_VALUE) {
        throw damaged("tensor \"" + BOUNDS + "\" does not cut the tokens into texts");
      }
      int[] ids = new int[(int) (to - from)];
      boolean[] flags = new boolean[ids.length];
      for (int j = 0; j < ids.length; j++) {
        ids[j] = all.getAtIndex(INT, from + j);
        flags[j] = learned.get(ValueLayout.JAVA_BYTE, from + j) != 0;
        if (ids[j] < 0 || ids[j] >= vocabSize) {
          throw damaged("expected ids below " + vocabSize + ", found " + ids[j]);
        }
      }
      Example e = new Example(ids, flags);
      examples.add(e);
      firstRows.add(rows);
      rows += e.counted();
    }
    if (examples.isEmpty()) throw damaged("there are no texts in it");
    return rows;
  }

  /** Returns the texts. */
  List<Example> examples() {
    return examples;
  }

  /** Returns the tokens that are kept of a row. */
  int k() {
    return k;
  }

  /** Returns the temperature of the probabilities. */
  double temperature() {
    return temperature;
  }

  /** Returns the texts of a step, in their order; 0 where any order will do. */
  int rowsPerStep() {
    return rowsPerStep;
  }

  /** Returns a line for people. */
  String describe() {
    return String.format(
        java.util.Locale.ROOT,
        "teacher: the %,d likeliest tokens that %s gave to %,d places, at temperature %s",
        k,
        file.metadata().getOrDefault("teacher", "a teacher"),
        rest.byteSize() / Float.BYTES,
        temperature);
  }

  /**
   * Refuses a student whose ids mean other tokens.
   *
   * @throws BadInput with the reason
   */
  void sameVocabulary(Checkpoint student) {
    if (student.config().vocabSize() != vocabSize) {
      throw new BadInput(
          path
              + ": the teacher's vocabulary has "
              + vocabSize
              + " tokens, the student's "
              + student.config().vocabSize()
              + "; choose a teacher of the same tokenizer");
    }
    String print = file.metadata().getOrDefault("vocabulary", "");
    if (print.isEmpty() || !student.hasTokenizer()) return;
    if (!Vocabularies.has(student.tokenizer(), print)) {
      throw new BadInput(
          path
              + ": the tokens of "
              + file.metadata().getOrDefault("teacher", "the teacher")
              + " are not those of the student, though there are as many; choose a teacher of the"
              + " same tokenizer");
    }
  }

  /**
   * Returns what the teacher said to the first learned tokens of some texts, one text after the
   * other.
   *
   * @param counted how many of each text
   * @throws BadInput if that is no distribution
   */
  TopK told(int[] texts, int[] counted) {
    TopK out = TopK.room(k, Arrays.stream(counted).sum());
    int row = 0;
    for (int t = 0; t < texts.length; t++) {
      long first = firstRows.get(texts[t]);
      for (int r = 0; r < counted[t]; r++) row(first + r, out, row++);
    }
    return out;
  }

  private void row(long stored, TopK out, int row) {
    double sum = 0;
    int last = -1;
    for (int i = 0; i < k; i++) {
      int id = ids.getAtIndex(INT, stored * k + i);
      float p = logProbs.getAtIndex(FLOAT, stored * k + i);
      if (id <= last || id >= vocabSize) throw damaged("the ids of row " + stored + " do not rise");
      last = id;
      out.ids()[row * k + i] = id;
      out.logProbs()[row * k + i] = p;
      sum += Math.exp(p);
    }
    out.rest()[row] = rest.getAtIndex(FLOAT, stored);
    sum += Math.exp(out.rest()[row]);
    // Not a number counts as wrong, too.
    if (!(Math.abs(sum - 1) <= ROUNDING)) {
      throw damaged("the probabilities of row " + stored + " add up to " + sum);
    }
  }

  /** Returns what is kept beside the tensors. */
  static Map<String, String> metadata(
      Checkpoint teacher, int k, double temperature, int rowsPerStep) {
    return Map.of(
        "kind",
        KIND,
        "k",
        String.valueOf(k),
        "teacher",
        teacher.name(),
        "temperature",
        String.valueOf(temperature),
        "vocab_size",
        String.valueOf(teacher.config().vocabSize()),
        "vocabulary",
        teacher.hasTokenizer() ? Vocabularies.fingerprint(teacher.tokenizer()) : "",
        "rows_per_step",
        String.valueOf(rowsPerStep));
  }

  @Override
  public void close() {
    file.close();
  }
}
