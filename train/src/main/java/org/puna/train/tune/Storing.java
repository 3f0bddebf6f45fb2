package org.puna.train.tune;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.tensor.Graph;
import org.puna.train.data.MicroBatch;
import org.puna.train.data.Replay;
import org.puna.train.loss.Network;
import org.puna.train.loss.TopK;
import org.puna.train.loss.TopKTaking;
import org.puna.train.params.Parameters;
import org.puna.train.run.Compute;
import org.puna.train.run.Initial;
import org.puna.train.run.Recipe;
import org.puna.train.run.Watcher;
import org.puna.train.tape.Recompute;

/**
 * Writes what a teacher says to the texts of a run into a file, its likeliest tokens only, so that
 * students learn from it without the teacher in memory.
 */
public final class Storing {
  private static final int MOST_NUMBERS = 1 << 28;
  private static final int NOTES = 10;

  private final FineTuning.Request request;
  private final Path teacher;
  private final Path file;
  private final Watcher watcher;

  /**
   * What has not begun.
   *
   * @param request the student, whose tokenizer and template make the texts, and the data
   * @param teacher a folder or GGUF file
   * @param file to write
   */
  public Storing(FineTuning.Request request, Path teacher, Path file, Watcher watcher) {
    this.request = request;
    this.teacher = teacher;
    this.file = file;
    this.watcher = watcher;
  }

  /** Texts and, where their order is given, how many of them are a step. */
  private record Texts(List<Example> examples, int rowsPerStep) {}

  /**
   * Runs; the file appears when it is whole.
   *
   * @param stop asked after each batch; a stopped one leaves nothing
   * @throws BadInput if the vocabularies differ, the disk is full, or anything else is wrong
   */
  public void run(BooleanSupplier stop) {
    if (!file.toString().endsWith(Distilling.STORED)) {
      throw new BadInput(
          "--store: expected a file name that ends in "
              + Distilling.STORED
              + ", by which --teacher knows it, found "
              + file);
    }
    if (Files.exists(file)) {
      throw new BadInput("--store: " + file + " exists already; name another file, or delete it");
    }
    Recipe recipe = request.values();
    if (Distilling.isStored(teacher)) {
      throw new BadInput("--store: " + teacher + " is no model; name the teacher itself");
    }
    try (Checkpoint base = Checkpoint.open(request.model());
        Checkpoint master = Checkpoint.open(teacher);
        Compute compute = Compute.open(request.threads())) {
      Vocabularies.same(base, master);
      Distilling.defaults(recipe);
      int vocab = master.config().vocabSize();
      recipe.otherwise("distill.k", Math.min(64, vocab));
      int k = recipe.size("distill.k", 1, vocab);
      double temperature = Distilling.temperature(recipe);
      int context = Math.min(base.config().contextLength(), master.config().contextLength());
      Texts texts = texts(recipe, base, context);
      int longest = texts.examples.stream().mapToInt(e -> e.ids().length).max().orElse(1);
      int rows = rows(k, longest);
      Parameters fixed = Initial.given(master.weights(), _ -> false);
      Graph graph =
          master.architecture().forward(master.config(), fixed, Math.min(context, longest));
      Network network =
          new Network(
              graph,
              Map.of(),
              Recompute.NOTHING,
              rows,
              compute.kernels(),
              compute.grads(),
              compute.team());
      write(
          texts,
          k,
          StoredTeacher.metadata(master, k, temperature, texts.rowsPerStep),
          rows,
          batch -> {
            TopK told = TopK.room(k, batch.counted());
            network.loss(batch.rows(), new TopKTaking(told, temperature));
            return told;
          },
          stop);
    }
  }

  /**
   * Returns how many tokens are computed together, fewer than usual where k is large.
   *
   * @throws BadInput if a text and its k tokens do not fit
   */
  static int rows(int k, int longest) {
    if ((long) longest * k > MOST_NUMBERS) {
      throw new BadInput(
          "distill.k: expected at most "
              + MOST_NUMBERS / longest
              + " for texts of "
              + longest
              + " tokens, found "
              + k);
    }
    return Math.max(longest, Math.min(TuneDefaults.MICRO_TOKENS, MOST_NUMBERS / k));
  }

  private Texts texts(Recipe recipe, Checkpoint base, int context) {
    Selection.nothing(recipe, "a teacher is asked about all texts, and its student holds some out");
    if (request.replay().isPresent()) {
      recipe.otherwise("data.masked", false);
      int vocab = base.config().vocabSize();
      List<Example> all = new ArrayList<>();
      try (Replay r = new Replay(request.replay().get(), 1, recipe.flag("data.masked"), vocab)) {
        for (long s = 0; s < r.steps(); s++) {
          for (MicroBatch b : r.step(s)) all.add(example(b));
        }
        return new Texts(all, r.rows());
      }
    }
    List<Example> all = FineTuning.examples(base, request.data());
    int longest = all.stream().mapToInt(e -> e.ids().length).max().orElse(2);
    TuneDefaults.length(recipe, base, longest);
    int length = recipe.size("batch.length", 1, context);
    var count = new Selection.Count("conversations", length);
    List<Example> cut =
        Examples.kept(all, length, count).stream().map(Examples.Numbered::example).toList();
    watcher.note(count.line(FineTuning.names(request.data())));
    return new Texts(cut, 0);
  }

  /** A sequence of a replayed file, its last target behind its rows. */
  private static Example example(MicroBatch b) {
    int[] rows = b.rows().ids();
    int[] ids = Arrays.copyOf(rows, rows.length + 1);
    boolean[] learned = new boolean[ids.length];
    for (int i = 0; i < b.targets().length; i++) {
      int next = b.rows().outputs()[i] + 1;
      ids[next] = b.targets()[i];
      learned[next] = true;
    }
    return new Example(ids, learned);
  }

  /** Answers to what a batch asks. */
  private interface Answers {
    TopK of(MicroBatch batch);
  }

  private void write(
      Texts texts,
      int k,
      Map<String, String> metadata,
      int most,
      Answers answers,
      BooleanSupplier stop) {
    List<Example> all = texts.examples;
    long tokens = all.stream().mapToLong(e -> e.ids().length).sum();
    long rows = all.stream().mapToLong(Example::counted).sum();
    List<SafetensorsWriter.Spec> specs =
        List.of(
            new SafetensorsWriter.Spec(StoredTeacher.TOKENS, Dtype.I32, new long[] {tokens}),
            new SafetensorsWriter.Spec(StoredTeacher.LEARNED, Dtype.U8, new long[] {tokens}),
            new SafetensorsWriter.Spec(
                StoredTeacher.BOUNDS, Dtype.I64, new long[] {all.size() + 1L}),
            new SafetensorsWriter.Spec(StoredTeacher.IDS, Dtype.I32, new long[] {rows, k}),
            new SafetensorsWriter.Spec(StoredTeacher.LOG_PROBS, Dtype.F32, new long[] {rows, k}),
            new SafetensorsWriter.Spec(StoredTeacher.REST, Dtype.F32, new long[] {rows}),
            new SafetensorsWriter.Spec(
                StoredTeacher.CHECKSUMS, Dtype.I64, new long[] {StoredTeacher.PARTS.size()}));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
      Parts parts = new Parts(writer);
      writeTexts(all, parts);
      long done = 0;
      for (int from = 0; from < all.size(); ) {
        if (stop.getAsBoolean()) {
          watcher.note("stopped; nothing was written");
          return;
        }
        int to = from;
        int n = 0;
        while (to < all.size() && (to == from || n + all.get(to).ids().length <= most)) {
          n += all.get(to++).ids().length;
        }
        TopK told = answers.of(Examples.part(all.subList(from, to)));
        parts.put(StoredTeacher.IDS, bytes(told.ids()));
        parts.put(StoredTeacher.LOG_PROBS, bytes(told.logProbs()));
        parts.put(StoredTeacher.REST, bytes(told.rest()));
        long before = done;
        done += told.rows();
        if (before * NOTES / rows != done * NOTES / rows) note(done, rows);
        from = to;
      }
      parts.finish();
      writer.commit();
    }
    watcher.note("written: " + file);
  }

  private void note(long done, long rows) {
    watcher.note(String.format(Locale.ROOT, "%,d of %,d places are answered", done, rows));
  }

  private static void writeTexts(List<Example> all, Parts parts) {
    long at = 0;
    parts.put(StoredTeacher.BOUNDS, bytes(at));
    for (Example e : all) {
      at += e.ids().length;
      parts.put(StoredTeacher.BOUNDS, bytes(at));
      parts.put(StoredTeacher.TOKENS, bytes(e.ids()));
      byte[] learned = new byte[e.learned().length];
      for (int i = 0; i < learned.length; i++) learned[i] = (byte) (e.learned()[i] ? 1 : 0);
      // The first token of a text is never guessed.
      learned[0] = 0;
      parts.put(StoredTeacher.LEARNED, learned);
    }
  }

  private static byte[] bytes(int[] x) {
    byte[] out = new byte[Math.multiplyExact(x.length, Integer.BYTES)];
    MemorySegment to = MemorySegment.ofArray(out);
    MemorySegment.copy(x, 0, to, StoredTeacher.INT, 0, x.length);
    return out;
  }

  private static byte[] bytes(float[] x) {
    byte[] out = new byte[Math.multiplyExact(x.length, Float.BYTES)];
    MemorySegment to = MemorySegment.ofArray(out);
    MemorySegment.copy(x, 0, to, StoredTeacher.FLOAT, 0, x.length);
    return out;
  }

  private static byte[] bytes(long x) {
    byte[] out = new byte[Long.BYTES];
    MemorySegment.ofArray(out).set(StoredTeacher.LONG, 0, x);
    return out;
  }

  /** The tensors as they grow, with the checksum of each. */
  private static final class Parts {
    private final SafetensorsWriter writer;
    private final long[] sizes = new long[StoredTeacher.PARTS.size()];
    private final CRC32C[] checksums = new CRC32C[sizes.length];

    Parts(SafetensorsWriter writer) {
      this.writer = writer;
      Arrays.setAll(checksums, _ -> new CRC32C());
    }

    void put(String name, byte[] bytes) {
      int i = StoredTeacher.PARTS.indexOf(name);
      writer.write(i, sizes[i], MemorySegment.ofArray(bytes));
      sizes[i] += bytes.length;
      checksums[i].update(bytes);
    }

    void finish() {
      for (int i = 0; i < checksums.length; i++) {
        byte[] sum = bytes(checksums[i].getValue());
        writer.write(checksums.length, (long) i * Long.BYTES, MemorySegment.ofArray(sum));
      }
    }
  }
}
