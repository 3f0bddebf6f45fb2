package org.puna.model.convert;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.Architectures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Moe;
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
 * A model of random weights in memory, of any shape and file type: for measuring speed without a
 * published file. Rows repeat from a small pool of encoded random rows, which no kernel can tell
 * from other ones.
 *
 * <p>Owns its memory: after {@link #close()} no weight may be used.
 */
public final class Synthetic implements AutoCloseable {
  private static final int POOL_ROWS = 64;
  private static final float DEVIATION = 0.02f;
  private static final long ALIGNMENT = 64;

  private final ModelConfig config;
  private final Architecture architecture;
  private final Mix mix;
  private final Arena arena = Arena.ofShared();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Weights weights;

  /**
   * Makes the weights.
   *
   * @param config the shape; its architecture must be one that the engine runs
   * @param mix the file type
   * @param seed of the random numbers
   * @throws BadInput if no engine runs the architecture
   */
  public Synthetic(ModelConfig config, Mix mix, long seed) {
    this.config = config;
    this.mix = mix;
    architecture =
        Architectures.byName(config.architecture())
            .orElseThrow(() ->
                new BadInput(
                    "a model of architecture \""
                        + config.architecture()
                        + "\" has size formulas only; choose a shape of a family that runs"));
    Attention a = config.attention();
    var chooser =
        new TypeChooser(
            mix,
            new TypeChooser.Model(
                architecture.ggufName(),
                config.nLayers(),
                a.nHeads() / a.nKvHeads(),
                config.moe().map(Moe::nExperts).orElse(0),
                config.tiedEmbeddings()),
            false);
    List<Weight> needed = architecture.weights(config).stream().filter(Weight::required).toList();
    SplittableRandom random = new SplittableRandom(seed);
    for (Weight w : needed) {
      boolean plain = !TypeChooser.quantises(w.name(), w.shape().length);
      BlockFormat f = plain ? BlockFormats.F32 : chooser.choose(w.name(), w.shape()).format();
      tensors.put(w.name(), random(w, f, random));
    }
    List<Stored> layout =
        needed.stream().<Stored>map(w -> new Stored.Plain(w.name(), w.name())).toList();
    weights =
        new Weights(
            "synthetic",
            needed,
            layout,
            name -> java.util.Optional.ofNullable(tensors.get(name)),
            architecture.ggufRopeInterleaved(),
            arena);
  }

  /** Norms are ones; all else has mean 0. */
  private Tensor random(Weight w, BlockFormat format, SplittableRandom random) {
    long elements = 1;
    for (long s : w.shape()) elements = Math.multiplyExact(elements, s);
    MemorySegment data = arena.allocate(format.bytes(elements), ALIGNMENT);
    int row = Math.toIntExact(w.shape()[w.shape().length - 1]);
    boolean norm = w.name().endsWith("norm.weight");
    long rowBytes = format.bytes(row);
    MemorySegment pool = MemorySegment.ofArray(new byte[Math.toIntExact(POOL_ROWS * rowBytes)]);
    float[] numbers = new float[row];
    for (int r = 0; r < Math.min(POOL_ROWS, elements / row); r++) {
      for (int i = 0; i < row; i++) {
        numbers[i] = norm ? 1 : (float) random.nextGaussian() * DEVIATION;
      }
      format.encode(numbers, 0, row, pool, r * rowBytes);
    }
    for (long r = 0; r < elements / row; r++) {
      long from = r < POOL_ROWS ? r : random.nextInt(POOL_ROWS);
      MemorySegment.copy(pool, from * rowBytes, data, r * rowBytes, rowBytes);
    }
    return new Tensor(format, w.shape(), data);
  }

  /** Returns the shape. */
  public ModelConfig config() {
    return config;
  }

  /** Returns the family that runs it. */
  public Architecture architecture() {
    return architecture;
  }

  /** Returns the weights. */
  public Weights weights() {
    return weights;
  }

  /** Returns the bytes of all weights. */
  public long bytes() {
    return tensors.values().stream().mapToLong(t -> t.data().byteSize()).sum();
  }

  /**
   * Writes the model as a GGUF file, with a made-up vocabulary, so that other engines can be
   * measured on it.
   *
   * @throws BadInput if the file cannot be written
   */
  public void write(Path file) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", GgufValue.of(architecture.ggufName()));
    metadata.put("general.name", GgufValue.of("synthetic"));
    metadata.putAll(architecture.toGguf(config));
    metadata.put("general.file_type", GgufValue.u32(mix.fileType()));
    metadata.put("general.quantization_version", GgufValue.u32(Quantize.QUANTIZATION_VERSION));
    vocabulary(metadata);
    Map<String, Tensor> all = new LinkedHashMap<>(tensors);
    GgufWriter.write(file, metadata, all);
  }

  /**
   * A token for every byte, as byte-level BPE spells them, and numbered ones for the rest of the
   * ids.
   */
  private void vocabulary(Map<String, GgufValue> metadata) {
    List<String> tokens = new ArrayList<>();
    int beyond = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      tokens.add(Character.toString(printable ? b : beyond++));
    }
    tokens.add("Ġt");
    tokens.add("he");
    while (tokens.size() < config.vocabSize()) tokens.add("token" + tokens.size());
    int[] kinds = new int[config.vocabSize()];
    java.util.Arrays.fill(kinds, 1);
    int end = config.vocabSize() - 1;
    kinds[end] = 3;
    metadata.put("tokenizer.ggml.model", GgufValue.of("gpt2"));
    metadata.put("tokenizer.ggml.pre", GgufValue.of("llama-bpe"));
    metadata.put(
        "tokenizer.ggml.tokens",
        GgufValue.of(GgufArray.ofTexts(tokens.subList(0, config.vocabSize()))));
    metadata.put("tokenizer.ggml.token_type", GgufValue.of(GgufArray.ofInts(kinds)));
    metadata.put("tokenizer.ggml.merges", GgufValue.of(GgufArray.ofTexts(List.of("Ġ t", "h e"))));
    metadata.put("tokenizer.ggml.bos_token_id", GgufValue.u32(end));
    metadata.put("tokenizer.ggml.eos_token_id", GgufValue.u32(end));
  }

  @Override
  public void close() {
    arena.close();
  }
}
