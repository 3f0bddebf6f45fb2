package org.puna.model.convert;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.Checkpoint;
import org.puna.model.GenerationDefaults;
import org.puna.model.Pooling;
import org.puna.model.arch.Architecture;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Attention;
import org.puna.model.config.ModelConfig.Moe;
import org.puna.model.gguf.GgufType;
import org.puna.model.gguf.GgufValue;
import org.puna.model.weights.Rows;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/** A model as one GGUF file. */
final class ToGguf {
  private final Checkpoint in;
  private final ModelConfig config;
  private final Architecture architecture;
  private final Optional<Mix> mix;
  private final boolean pure;
  private final String name;

  /**
   * What to write.
   *
   * @param mix the type, empty for the types that the matrices have
   * @param pure whether every tensor shall have the type's base format
   * @param name {@code general.name}
   */
  ToGguf(Checkpoint in, Optional<Mix> mix, boolean pure, String name) {
    this.in = in;
    this.mix = mix;
    this.pure = pure;
    this.name = name;
    config = in.config();
    architecture = in.architecture();
  }

  Report write(Path out, int threads, Progress progress) {
    List<Plan> plans = plans();
    return Quantize.write(out, metadata(plans), plans, threads, progress, in.bytes());
  }

  private List<Plan> plans() {
    var out = new ArrayList<Plan>();
    architecture
        .ropeTensors(config)
        .forEach((name, f) -> out.add(new Plan(name, Rows.of(tensor(f)), BlockFormats.F32, "")));
    var chooser = mix.map(m -> new TypeChooser(m, model(), pure));
    for (var t :
        Convert.stored(in, architecture.ggufLayout(config), architecture.ggufRopeInterleaved())) {
      out.add(plan(t.getKey(), t.getValue(), chooser));
    }
    return out;
  }

  private static Plan plan(String name, Rows rows, Optional<TypeChooser> chooser) {
    if (!TypeChooser.quantises(name, rows.shape().length)) {
      return new Plan(name, rows, BlockFormats.F32, "");
    }
    if (chooser.isPresent()) {
      TypeChooser.Choice c = chooser.get().choose(name, rows.shape());
      return new Plan(name, rows, c.format(), c.note());
    }
    BlockFormat first = rows.format(0);
    boolean mixed = false;
    for (long r = 0; r < rows.rows(); r += rows.run(r)) mixed |= !rows.format(r).equals(first);
    return new Plan(
        name, rows, mixed ? BlockFormats.F32 : first, mixed ? "parts of several formats" : "");
  }

  private TypeChooser.Model model() {
    Attention a = config.attention();
    return new TypeChooser.Model(
        architecture.ggufName(),
        config.nLayers(),
        a.nHeads() / a.nKvHeads(),
        config.moe().map(Moe::nExperts).orElse(0),
        config.tiedEmbeddings());
  }

  private Map<String, GgufValue> metadata(List<Plan> plans) {
    var out = new LinkedHashMap<String, GgufValue>();
    out.put("general.architecture", GgufValue.of(architecture.ggufName()));
    out.put("general.type", GgufValue.of("model"));
    out.put("general.name", GgufValue.of(name));
    sampling(out);
    out.putAll(architecture.toGguf(config));
    in.embedding()
        .pooling()
        .flatMap(Pooling::ggufType)
        .ifPresent(
            t -> out.putIfAbsent(architecture.ggufName() + ".pooling_type", GgufValue.u32(t)));
    out.put("general.file_type", GgufValue.u32(fileType(plans)));
    out.put("general.quantization_version", GgufValue.u32(Quantize.QUANTIZATION_VERSION));
    out.putAll(GgufTokenizer.metadata(in));
    return out;
  }

  private void sampling(Map<String, GgufValue> out) {
    GenerationDefaults g = in.generation();
    String p = "general.sampling.";
    g.topK().ifPresent(k -> out.put(p + "top_k", GgufValue.integer(GgufType.INT32, k)));
    g.topP().ifPresent(v -> out.put(p + "top_p", GgufValue.f32((float) v)));
    g.minP().ifPresent(v -> out.put(p + "min_p", GgufValue.f32((float) v)));
    g.temperature().ifPresent(v -> out.put(p + "temp", GgufValue.f32((float) v)));
    g.repetitionPenalty().ifPresent(v -> out.put(p + "penalty_repeat", GgufValue.f32((float) v)));
  }

  /** The mix asked for, or the one whose base format most numbers have. */
  private int fileType(List<Plan> plans) {
    if (mix.isPresent()) return mix.get().fileType();
    var sizes = new LinkedHashMap<BlockFormat, Long>();
    for (Plan p : plans) sizes.merge(p.to(), p.bytes(), Long::sum);
    BlockFormat most =
        sizes.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse(BlockFormats.F32);
    for (Mix m : Mix.values()) {
      if (m.base().equals(most)) return m.fileType();
    }
    return Mix.F32.fileType();
  }

  private static Tensor tensor(float[] numbers) {
    MemorySegment s = MemorySegment.ofArray(new byte[numbers.length * Float.BYTES]);
    BlockFormats.F32.encode(numbers, 0, numbers.length, s, 0);
    return new Tensor(BlockFormats.F32, new long[] {numbers.length}, s);
  }
}
