package org.puna.train.lora;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.HfNames;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.io.MappedFile;
import org.puna.model.io.OutputFile;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Tensor;
import org.puna.train.params.Parameter;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Adapters in the files of the peft library: what is written here it loads, and the reverse. */
public final class PeftFolder {
  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String PREFIX = "base_model.model.";
  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";

  private final Map<String, String> moduleOf = new LinkedHashMap<>();
  private final Map<String, Weight> weights = new LinkedHashMap<>();
  private final boolean turn;

  /**
   * The names of a model's matrices.
   *
   * @param ropeInterleaved whether rotating pairs are neighbouring rows in the base
   */
  public PeftFolder(Architecture architecture, ModelConfig config, boolean ropeInterleaved) {
    for (Stored s : architecture.hfLayout(config, HfNames.TEXT)) {
      if (s instanceof Stored.Plain p && p.file().endsWith(".weight")) {
        moduleOf.put(p.name(), p.file().substring(0, p.file().length() - ".weight".length()));
      }
    }
    for (Weight w : architecture.weights(config)) weights.put(w.name(), w);
    turn = ropeInterleaved != architecture.hfRopeInterleaved();
  }

  /**
   * Returns the canonical parts of names that are meant: {@code q_proj}, as peft says, is {@code
   * attn_q}; a name may hold several between commas; others stay as they are.
   */
  public Set<String> parts(List<String> targets) {
    Map<String, String> byModule = new LinkedHashMap<>();
    byPart().forEach((part, module) -> byModule.put(module, part));
    Set<String> parts = new LinkedHashSet<>();
    for (String t : targets) {
      for (String one : t.split(",", -1)) {
        String name = one.strip();
        parts.add(byModule.getOrDefault(name, name));
      }
    }
    return parts;
  }

  /** Returns what peft calls a part of names, in brackets; nothing where it is fused there. */
  public String elsewhere(String part) {
    String module = byPart().get(part);
    return module == null ? "" : " (" + module + ")";
  }

  private Map<String, String> byPart() {
    Map<String, String> out = new LinkedHashMap<>();
    moduleOf.forEach((name, module) -> {
      if (name.startsWith("blk.")) out.put(Adapters.part(name), module.replaceAll(".*\\.", ""));
    });
    return out;
  }

  private String module(String target) {
    String m = moduleOf.get(target);
    if (m == null) {
      throw new BadInput(
          "adapters: "
              + target
              + " is part of a fused matrix in Hugging Face files, which peft cannot adapt alone;"
              + " choose other lora.targets");
    }
    return m;
  }

  /**
   * Writes a folder.
   *
   * @param base name or path of the base model, for the configuration
   * @throws BadInput if it cannot be written
   */
  public void write(Path folder, Adapters adapters, String base) {
    Adapter first = adapters.all().getFirst();
    long rank = first.a().shape()[0];
    TreeSet<String> targets = new TreeSet<>();
    for (Adapter a : adapters.all()) targets.add(module(a.target()).replaceAll(".*\\.", ""));
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("base_model_name_or_path", base);
    c.put("bias", "none");
    c.put("fan_in_fan_out", false);
    c.put("inference_mode", true);
    c.put("init_lora_weights", true);
    double alpha = first.scale() * rank;
    c.put("lora_alpha", alpha == Math.rint(alpha) ? (Object) (long) alpha : (Object) alpha);
    c.put("lora_dropout", 0.0);
    c.put("modules_to_save", null);
    c.put("peft_type", "LORA");
    c.put("r", rank);
    c.put("target_modules", List.copyOf(targets));
    c.put("task_type", "CAUSAL_LM");
    c.put("use_dora", false);
    c.put("use_rslora", false);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new BadInput(folder + ": cannot be created: " + e.getMessage(), e);
    }
    weights(folder.resolve(WEIGHTS), adapters);
    OutputFile.writeText(
        folder.resolve(CONFIG),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(c) + "\n");
  }

  private void weights(Path file, Adapters adapters) {
    List<SafetensorsWriter.Spec> specs = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    for (Adapter a : adapters.all()) {
      String name = PREFIX + module(a.target());
      specs.add(new SafetensorsWriter.Spec(name + A, Dtype.F32, a.a().shape()));
      values.add(a.a().value());
      specs.add(new SafetensorsWriter.Spec(name + B, Dtype.F32, a.b().shape()));
      values.add(ordered(a, true));
    }
    try (Arena arena = Arena.ofConfined();
        SafetensorsWriter w = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
      var layout = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < values.size(); i++) {
        float[] x = values.get(i);
        MemorySegment m = arena.allocate((long) x.length * Float.BYTES, Float.BYTES);
        MemorySegment.copy(x, 0, m, layout, 0, x.length);
        w.write(i, 0, m);
      }
      w.commit();
    }
  }

  /** The rows of B in the order of the other kind of file, where queries and keys differ. */
  private float[] ordered(Adapter a, boolean toHalves) {
    float[] b = a.b().value();
    Weight w = weights.get(a.target());
    if (w == null || w.rotated() == 0 || !turn) return b;
    int rank = Math.toIntExact(a.b().shape()[1]);
    int out = Math.toIntExact(a.b().shape()[0]);
    int headDim = out / w.rotated();
    int half = headDim / 2;
    float[] y = new float[b.length];
    for (int r = 0; r < out; r++) {
      int i = r % headDim;
      int source = toHalves ? i % half * 2 + i / half : i % 2 * half + i / 2;
      System.arraycopy(b, (r - i + source) * rank, y, r * rank, rank);
    }
    return y;
  }

  /**
   * Reads a folder.
   *
   * @param shapes the shape of each canonical matrix
   * @throws BadInput if it is no adapter of this model, or uses what is not supported
   */
  public Adapters read(Path folder, Function<String, long[]> shapes) {
    JsonNode c = config(folder.resolve(CONFIG));
    double scale = scale(c);
    Map<String, String> canonical = new LinkedHashMap<>();
    moduleOf.forEach((name, module) -> canonical.put(PREFIX + module, name));
    List<Adapter> all = new ArrayList<>();
    try (Safetensors s = Safetensors.open(folder.resolve(WEIGHTS))) {
      for (String key : new TreeSet<>(s.entries().keySet())) {
        if (!key.endsWith(A)) continue;
        String module = key.substring(0, key.length() - A.length());
        String target = canonical.get(module);
        if (target == null) {
          throw new BadInput(folder + ": the model has no matrix for " + module);
        }
        all.add(adapter(folder, target, s.tensor(key), s.tensor(module + B), scale, shapes));
      }
    }
    if (all.isEmpty()) throw new BadInput(folder + ": no adapters here");
    return new Adapters(all);
  }

  private static double scale(JsonNode c) {
    double rank = c.path("r").asDouble(1);
    double alpha = c.path("lora_alpha").asDouble(0);
    return alpha / (c.path("use_rslora").asBoolean(false) ? Math.sqrt(rank) : rank);
  }

  /**
   * Tells the values of a recipe that a folder of adapters fixes.
   *
   * @throws BadInput if it holds no plain LoRA adapters
   */
  public static void describe(Path folder, BiConsumer<String, Object> fixed) {
    JsonNode c = config(folder.resolve(CONFIG));
    fixed.accept("lora.rank", c.path("r").asLong(1));
    // Recipes scale by alpha over the rank.
    double alpha = c.path("lora_alpha").asDouble(0);
    boolean root = c.path("use_rslora").asBoolean(false);
    fixed.accept("lora.alpha", root ? alpha * Math.sqrt(c.path("r").asDouble(1)) : alpha);
    TreeSet<String> targets = new TreeSet<>();
    try (Safetensors s = Safetensors.open(folder.resolve(WEIGHTS))) {
      for (String key : s.entries().keySet()) {
        if (!key.endsWith(A)) continue;
        targets.add(key.substring(0, key.length() - A.length()).replaceAll(".*\\.", ""));
      }
    }
    fixed.accept("lora.targets", List.copyOf(targets));
  }

  private Adapter adapter(
      Path folder,
      String target,
      Tensor a,
      Tensor b,
      double scale,
      Function<String, long[]> shapes) {
    long[] w = shapes.apply(target);
    boolean fits =
        a.rank() == 2
            && b.rank() == 2
            && a.dim(1) == w[1]
            && b.dim(0) == w[0]
            && a.dim(0) == b.dim(1);
    if (!fits) {
      throw new BadInput(
          folder + ": the adapter of " + target + " is of another model: " + a + " and " + b);
    }
    Adapter read =
        new Adapter(
            target, parameter(target + ".lora_a", a), parameter(target + ".lora_b", b), scale);
    float[] rows = ordered(read, false);
    System.arraycopy(rows, 0, read.b().value(), 0, rows.length);
    return read;
  }

  private static JsonNode config(Path file) {
    try {
      JsonNode c = JsonMapper.shared().readTree(Files.readString(file));
      if (!c.path("peft_type").asString("").equals("LORA")
          || c.path("use_dora").asBoolean(false)
          || c.path("fan_in_fan_out").asBoolean(false)
          || !c.path("rank_pattern").isEmpty()
          || !c.path("alpha_pattern").isEmpty()
          || c.path("r").asLong(0) < 1) {
        throw new BadInput(file + ": expected plain LoRA adapters, found another kind");
      }
      return c;
    } catch (JacksonException e) {
      throw new BadInput(file + ": not JSON", e);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private static Parameter parameter(String name, Tensor t) {
    float[] v = t.toFloats();
    return new Parameter(name, t.shape(), v, new float[v.length]);
  }
}
