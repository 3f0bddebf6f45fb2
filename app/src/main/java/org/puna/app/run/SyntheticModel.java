package org.puna.app.run;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.puna.app.cli.Units;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.Architectures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufValue;
import org.puna.model.gguf.GgufWriter;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.model.weights.Weights;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * A model of a published shape with random weights, for measuring speed without any download. Owns
 * its weights; {@link #close()} ends them.
 */
final class SyntheticModel implements AutoCloseable {
  /** Numbers of the piece of random weights that is repeated: whole blocks of every format. */
  private static final int PIECE = 1 << 18;

  private static final double DEVIATION = 0.02;
  private static final long WRITE_BYTES = 64L << 20;
  private static final long ALIGNMENT = 64;
  private static final int NORMAL_TOKEN = 1;
  private static final int CONTROL_TOKEN = 3;
  private static final int BYTES = 256;

  /** The soft hyphen is the last of the 68 bytes that have no letter of their own. */
  private static final int SOFT_HYPHEN_PLACE = 67;

  private final Arena arena = Arena.ofShared();
  private final String name;
  private final Architecture architecture;
  private final ModelConfig config;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Weights weights;

  /**
   * Makes a model.
   *
   * @param spec shape and type, such as {@code llama-3.2-1b:q8_0}
   * @throws BadInput if either is unknown, or the weights do not fit in this machine's memory
   */
  SyntheticModel(String spec) {
    int colon = spec.lastIndexOf(':');
    if (colon < 0) {
      throw new BadInput(
          "--synthetic: expected SHAPE:TYPE such as llama-3.2-1b:q8_0, found '" + spec + "'");
    }
    name = spec;
    config = ModelShapes.parse(spec.substring(0, colon));
    BlockFormat format = format(spec.substring(colon + 1));
    architecture =
        Architectures.byName(config.moe().isPresent() ? "mixtral" : config.architecture())
            .orElseThrow(() ->
                new BadInput(
                    "--synthetic: no engine runs "
                        + config.architecture()
                        + " models; take a"
                        + " llama shape"));
    List<Weight> all = architecture.weights(config).stream().filter(Weight::required).toList();
    checkMemory(all, format);
    try {
      byte[] random = random(format);
      for (Weight w : all) {
        tensors.put(w.name(), tensor(w, format, random));
      }
      List<Stored> layout =
          all.stream().<Stored>map(w -> new Stored.Plain(w.name(), w.name())).toList();
      weights =
          new Weights(
              spec,
              all,
              layout,
              n -> Optional.ofNullable(tensors.get(n)),
              architecture.ggufRopeInterleaved(),
              arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static BlockFormat format(String type) {
    BlockFormat f =
        BlockFormats.byName(type)
            .orElseThrow(() ->
                new BadInput(
                    "--synthetic: expected a type such as q8_0, q4_0, q4_k, bf16, found '"
                        + type
                        + "'"));
    if (!f.canEncode()) {
      throw new BadInput("--synthetic: " + f.name() + " can be read, not written");
    }
    return f;
  }

  private static BlockFormat format(Weight w, BlockFormat wanted) {
    long[] shape = w.shape();
    boolean matrix = shape.length > 1 && !w.name().contains("ffn_gate_inp");
    return matrix && shape[shape.length - 1] % wanted.blockElements() == 0
        ? wanted
        : BlockFormats.F32;
  }

  private static long elements(Weight w) {
    return Arrays.stream(w.shape()).reduce(1, Math::multiplyExact);
  }

  private static void checkMemory(List<Weight> all, BlockFormat format) {
    long bytes = 0;
    for (Weight w : all) {
      bytes = Math.addExact(bytes, format(w, format).bytes(elements(w)));
    }
    if (ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean os
        && bytes > os.getTotalMemorySize()) {
      throw new BadInput(
          "--synthetic: the weights take "
              + Units.bytes(bytes)
              + ", this machine has "
              + Units.bytes(os.getTotalMemorySize())
              + "; take a smaller shape or type");
    }
  }

  private static byte[] random(BlockFormat format) {
    SplittableRandom random = new SplittableRandom(1);
    float[] numbers = new float[PIECE];
    for (int i = 0; i < PIECE; i++) {
      numbers[i] = (float) (DEVIATION * random.nextGaussian());
    }
    byte[] out = new byte[Math.toIntExact(format.bytes(PIECE))];
    format.encode(numbers, 0, PIECE, MemorySegment.ofArray(out), 0);
    return out;
  }

  private Tensor tensor(Weight w, BlockFormat wanted, byte[] random) {
    BlockFormat format = format(w, wanted);
    MemorySegment data = arena.allocate(format.bytes(elements(w)), ALIGNMENT);
    if (format.equals(wanted) && w.shape().length > 1) {
      MemorySegment piece = MemorySegment.ofArray(random);
      for (long at = 0; at < data.byteSize(); at += piece.byteSize()) {
        long n = Math.min(piece.byteSize(), data.byteSize() - at);
        MemorySegment.copy(piece, 0, data, at, n);
      }
    } else {
      float[] ones = new float[Math.toIntExact(elements(w))];
      Arrays.fill(ones, 1);
      format.encode(ones, 0, ones.length, data, 0);
    }
    return new Tensor(format, w.shape(), data);
  }

  String name() {
    return name;
  }

  Architecture architecture() {
    return architecture;
  }

  ModelConfig config() {
    return config;
  }

  Weights weights() {
    return weights;
  }

  /** Returns the bytes of all weights. */
  long bytes() {
    return tensors.values().stream().mapToLong(t -> t.data().byteSize()).sum();
  }

  /** Writes the model as GGUF, with a vocabulary of bytes and made-up words. */
  void write(Path path) {
    if (config.vocabSize() < BYTES + 3) {
      throw new BadInput(
          "--write: expected a vocabulary of 259 or more, found " + config.vocabSize());
    }
    Map<String, GgufValue> metadata = new LinkedHashMap<>(architecture.toGguf(config));
    metadata.put("general.name", GgufValue.of(name));
    vocabulary(metadata);
    List<GgufWriter.Spec> specs = new ArrayList<>();
    tensors.forEach((n, t) -> specs.add(new GgufWriter.Spec(n, t.format(), t.shape())));
    try (GgufWriter out = GgufWriter.create(path, metadata, specs)) {
      int i = 0;
      for (Tensor t : tensors.values()) {
        for (long at = 0; at < t.data().byteSize(); at += WRITE_BYTES) {
          long n = Math.min(WRITE_BYTES, t.data().byteSize() - at);
          out.write(i, at, t.data().asSlice(at, n));
        }
        i++;
      }
      out.commit();
    }
  }

  private void vocabulary(Map<String, GgufValue> metadata) {
    List<String> tokens = new ArrayList<>();
    for (int b = 0; b < BYTES; b++) {
      tokens.add(Character.toString(letter(b)));
    }
    // A vocabulary of this kind has at least one merge, and its result is a token.
    String merge = tokens.get('t') + " " + tokens.get('h');
    tokens.add("th");
    for (int i = tokens.size(); i < config.vocabSize(); i++) {
      tokens.add("word" + i);
    }
    int last = config.vocabSize() - 1;
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL_TOKEN);
    types[last] = CONTROL_TOKEN;
    types[last - 1] = CONTROL_TOKEN;
    metadata.put("tokenizer.ggml.model", GgufValue.of("gpt2"));
    metadata.put("tokenizer.ggml.pre", GgufValue.of("llama-bpe"));
    metadata.put("tokenizer.ggml.tokens", GgufValue.of(GgufArray.ofTexts(tokens)));
    metadata.put("tokenizer.ggml.token_type", GgufValue.of(GgufArray.ofInts(types)));
    metadata.put("tokenizer.ggml.merges", GgufValue.of(GgufArray.ofTexts(List.of(merge))));
    metadata.put("tokenizer.ggml.bos_token_id", GgufValue.u32(last - 1L));
    metadata.put("tokenizer.ggml.eos_token_id", GgufValue.u32(last));
  }

  /** The letter that stands for a byte in byte-level vocabularies. */
  private static int letter(int b) {
    boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    if (printable) {
      return b;
    }
    int before = b < '!' ? b : b <= 0xA0 ? '!' + (b - '~' - 1) : SOFT_HYPHEN_PLACE;
    return BYTES + before;
  }

  @Override
  public void close() {
    arena.close();
  }
}
