package org.puna.model.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Models by name or spelled out, for planning without any file: {@code llama-3.1-405b}, or {@code
 * layers=96,hidden=12288,heads=96,ffn=49152,vocab=51200,arch=gpt}.
 *
 * <p>The shapes are those of the papers and of the published configurations; only what decides
 * sizes and arithmetic is kept.
 */
public final class ModelShapes {
  private static final Set<String> KEYS =
      Set.of(
          "arch",
          "layers",
          "hidden",
          "heads",
          "kv_heads",
          "head_dim",
          "ffn",
          "vocab",
          "context",
          "tied",
          "gated",
          "experts",
          "active",
          "expert_ffn",
          "shared_ffn",
          "dense_layers",
          "window",
          "chunk",
          "full_layers",
          "latent_heads",
          "latent_key",
          "latent_value",
          "latent_rank",
          "latent_rotated",
          "latent_queries",
          "qkv_bias",
          "qk_norm");

  private static final double MOST_APART = 0.03;

  private static final Map<String, String> NAMED = named();

  private ModelShapes() {}

  private static Map<String, String> named() {
    Map<String, String> m = new LinkedHashMap<>();
    String llama2 = ",vocab=32000,context=4096";
    m.put("llama-1-65b", "layers=80,hidden=8192,heads=64,ffn=22016,vocab=32000,context=2048");
    m.put("llama-2-7b", "layers=32,hidden=4096,heads=32,ffn=11008" + llama2);
    m.put("llama-2-13b", "layers=40,hidden=5120,heads=40,ffn=13824" + llama2);
    m.put("llama-2-70b", "layers=80,hidden=8192,heads=64,kv_heads=8,ffn=28672" + llama2);
    String llama3 = ",kv_heads=8,vocab=128256,context=8192";
    String llama31 = ",kv_heads=8,vocab=128256,context=131072";
    m.put("llama-3-8b", "layers=32,hidden=4096,heads=32,ffn=14336" + llama3);
    m.put("llama-3-70b", "layers=80,hidden=8192,heads=64,ffn=28672" + llama3);
    m.put("llama-3.1-8b", "layers=32,hidden=4096,heads=32,ffn=14336" + llama31);
    m.put("llama-3.1-70b", "layers=80,hidden=8192,heads=64,ffn=28672" + llama31);
    m.put("llama-3.1-405b", "layers=126,hidden=16384,heads=128,ffn=53248" + llama31);
    m.put("llama-3.2-1b", "layers=16,hidden=2048,heads=32,ffn=8192,tied=true" + llama31);
    m.put("llama-3.2-3b", "layers=28,hidden=3072,heads=24,ffn=8192,tied=true" + llama31);
    m.put("llama-3.3-70b", "layers=80,hidden=8192,heads=64,ffn=28672" + llama31);
    String llama4 =
        "layers=48,hidden=5120,heads=40,kv_heads=8,head_dim=128,ffn=16384,vocab=202048,active=1,"
            + "expert_ffn=8192,shared_ffn=8192,chunk=8192,full_layers=12";
    m.put("llama-4-scout", llama4 + ",experts=16,context=10485760");
    m.put("llama-4-maverick", llama4 + ",experts=128,dense_layers=24,context=1048576");
    // Its attention is latent (MLA): 100 heads of 128 with two key-value heads have its parameters
    // within 1%; what they do not have right, the latent sizes say.
    m.put(
        "deepseek-v3",
        "layers=61,hidden=7168,heads=100,kv_heads=2,head_dim=128,latent_heads=128,latent_key=192,"
            + "latent_value=128,latent_rank=512,latent_rotated=64,latent_queries=1536,ffn=18432,"
            + "vocab=129280,experts=256,active=8,expert_ffn=2048,shared_ffn=2048,dense_layers=3,"
            + "context=131072");
    m.put(
        "mistral-7b",
        "layers=32,hidden=4096,heads=32,kv_heads=8,ffn=14336,vocab=32000,context=32768");
    String mixtral = ",kv_heads=8,experts=8,active=2,context=65536";
    m.put(
        "mixtral-8x7b",
        "layers=32,hidden=4096,heads=32,ffn=14336,expert_ffn=14336,vocab=32000" + mixtral);
    m.put(
        "mixtral-8x22b",
        "layers=56,hidden=6144,heads=48,ffn=16384,expert_ffn=16384,vocab=32768" + mixtral);
    m.put(
        "qwen2.5-7b",
        "layers=28,hidden=3584,heads=28,kv_heads=4,ffn=18944,vocab=152064,context=131072,"
            + "qkv_bias=true");
    m.put(
        "qwen2.5-72b",
        "layers=80,hidden=8192,heads=64,kv_heads=8,ffn=29568,vocab=152064,context=131072,"
            + "qkv_bias=true");
    m.put(
        "qwen3-8b",
        "layers=36,hidden=4096,heads=32,kv_heads=8,head_dim=128,ffn=12288,vocab=151936,context=40960,"
            + "qk_norm=true");
    m.put(
        "qwen3-32b",
        "layers=64,hidden=5120,heads=64,kv_heads=8,head_dim=128,ffn=25600,vocab=151936,context=40960,"
            + "qk_norm=true");
    m.put(
        "qwen3-30b-a3b",
        "layers=48,hidden=2048,heads=32,kv_heads=4,head_dim=128,ffn=6144,vocab=151936,"
            + "experts=128,active=8,expert_ffn=768,context=40960,qk_norm=true");
    m.put(
        "palm-540b",
        "layers=118,hidden=18432,heads=48,kv_heads=1,head_dim=256,ffn=73728,"
            + "vocab=256000,context=2048,tied=true");
    String gpt = ",vocab=51200,context=2048,arch=gpt";
    // Narayanan et al. 2021, Table 1.
    m.put("gpt-1.7b", "layers=24,hidden=2304,heads=24" + gpt);
    m.put("gpt-3.6b", "layers=30,hidden=3072,heads=32" + gpt);
    m.put("gpt-7.5b", "layers=36,hidden=4096,heads=32" + gpt);
    m.put("gpt-18.4b", "layers=40,hidden=6144,heads=48" + gpt);
    m.put("gpt-39.1b", "layers=48,hidden=8192,heads=64" + gpt);
    m.put("gpt-76.1b", "layers=60,hidden=10240,heads=80" + gpt);
    m.put("gpt-145.6b", "layers=80,hidden=12288,heads=96" + gpt);
    m.put("gpt-310.1b", "layers=96,hidden=16384,heads=128" + gpt);
    m.put("gpt-529.6b", "layers=105,hidden=20480,heads=128" + gpt);
    m.put("gpt-1008b", "layers=128,hidden=25600,heads=160" + gpt);
    // Korthikanti et al. 2022, Table 3 (its 530B and 1T are those above).
    m.put("gpt-22b", "layers=48,hidden=6144,heads=64" + gpt);
    m.put("gpt-3-175b", "layers=96,hidden=12288,heads=96" + gpt);
    // Brown et al. 2020, Table 2.1.
    m.put("gpt-3-6.7b", "layers=32,hidden=4096,heads=32" + gpt);
    m.put("gpt-3-13b", "layers=40,hidden=5120,heads=40" + gpt);
    m.put("opt-175b", "layers=96,hidden=12288,heads=96,vocab=50272,context=2048,arch=gpt");
    m.put("bloom-176b", "layers=70,hidden=14336,heads=112,vocab=250880,context=2048,arch=gpt");
    return m;
  }

  /** Returns the names that {@link #parse} knows. */
  public static Set<String> names() {
    return NAMED.keySet();
  }

  /**
   * The model of a name, case and separators aside ({@code Llama-3.1-405B}, {@code gpt3 175b}).
   *
   * @param name what the user wrote
   */
  public static Optional<ModelConfig> named(String name) {
    String wanted = plain(name);
    for (Map.Entry<String, String> e : NAMED.entrySet()) {
      if (plain(e.getKey()).equals(wanted))
        return Optional.of(spelledOut(e.getValue(), e.getKey()));
    }
    return Optional.empty();
  }

  /**
   * The named model of a family that has nearest to a number of parameters, for tables that print
   * sizes by other roundings than names ({@code GPT-3} of 174.6 billion).
   *
   * @param family how its names begin, case and separators aside; empty for all
   * @param parameters wanted, all or only those that a token passes
   * @return the model, or nothing where all of the family are more than 3% away
   */
  public static Optional<ModelConfig> nearest(String family, double parameters) {
    String wanted = plain(family);
    double least = MOST_APART;
    Optional<ModelConfig> nearest = Optional.empty();
    for (Map.Entry<String, String> e : NAMED.entrySet()) {
      if (!plain(e.getKey()).startsWith(wanted)) continue;
      ModelConfig m = spelledOut(e.getValue(), e.getKey());
      double apart =
          Math.min(
              apart(ModelSize.parameters(m).total(), parameters),
              apart(ModelSize.activeParameters(m).total(), parameters));
      if (apart >= least) continue;
      least = apart;
      nearest = Optional.of(m);
    }
    return nearest;
  }

  private static double apart(long a, double b) {
    return Math.abs(a / b - 1);
  }

  /**
   * The model of a name or of a spelled-out shape.
   *
   * @param text what the user wrote
   * @throws BadInput if it is neither, with the known names or keys
   */
  public static ModelConfig parse(String text) {
    if (text.contains("=")) return spelledOut(text, "model");
    return named(text)
        .orElseThrow(() ->
            new BadInput(
                "model \""
                    + text.strip()
                    + "\": no such file or named shape; named shapes are "
                    + String.join(", ", NAMED.keySet())
                    + "; or spell one out: layers=96,hidden=12288,heads=96,ffn=49152,"
                    + "vocab=51200,arch=gpt"));
  }

  private static String plain(String name) {
    return name.strip().toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
  }

  private static ModelConfig spelledOut(String text, String what) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int eq = part.indexOf('=');
      String key = eq < 0 ? part.strip() : part.substring(0, eq).strip().toLowerCase(Locale.ROOT);
      if (eq < 0 || !KEYS.contains(key)) {
        throw new BadInput(
            what
                + ": \""
                + part.strip()
                + "\" is no key=value of a shape; keys are "
                + String.join(", ", KEYS.stream().sorted().toList()));
      }
      if (values.put(key, part.substring(eq + 1).strip()) != null) {
        throw new BadInput(what + ": " + key + " is given twice; keep one");
      }
    }
    Reader r = new Reader(what, values);
    String arch = values.getOrDefault("arch", "llama").toLowerCase(Locale.ROOT);
    boolean gpt = arch.equals("gpt");
    int hidden = r.required("hidden");
    int heads = r.required("heads");
    if (hidden % heads != 0 && !values.containsKey("head_dim")) {
      throw new BadInput(
          what + ": hidden " + hidden + " does not divide by " + heads + " heads; give head_dim");
    }
    int headDim = r.or("head_dim", hidden / heads);
    if ((long) heads * headDim > Reader.MAX) {
      throw new BadInput(
          what
              + ": "
              + heads
              + " heads of "
              + headDim
              + " are wider than any model; check head_dim");
    }
    int ffn = gpt ? r.or("ffn", Math.multiplyExact(4, hidden)) : r.required("ffn");
    int layers = r.required("layers");
    int context = r.or("context", gpt ? 2048 : 8192);
    int experts = r.or("experts", 0);
    int dense = r.or("dense_layers", 0);
    Optional<ModelConfig.Moe> moe =
        experts == 0
            ? Optional.empty()
            : Optional.of(
                new ModelConfig.Moe(
                    experts,
                    r.required("active"),
                    r.or("expert_ffn", ffn),
                    r.or("shared_ffn", 0),
                    ModelConfig.Routing.SOFTMAX_TOP_K));
    if (dense > layers) {
      throw new BadInput(what + ": " + dense + " dense_layers of only " + layers + " layers");
    }
    ModelConfig.Span span = r.span();
    int full = r.or("full_layers", 0);
    if (full > layers) {
      throw new BadInput(what + ": " + full + " full_layers of only " + layers + " layers");
    }
    List<ModelConfig.Layer> list = new ArrayList<>(layers);
    for (int i = 0; i < layers; i++) {
      // Dense layers are spread evenly between those with experts, as Llama 4 alternates them, and
      // so are layers that see all positions between those with a window or chunks.
      boolean isDense = spread(i, dense, layers);
      Optional<ModelConfig.Rope> rope =
          gpt
              ? Optional.empty()
              : Optional.of(
                  new ModelConfig.Rope(10_000, headDim, new ModelConfig.RopeScaling.None()));
      ModelConfig.Span seen = spread(i, full, layers) ? new ModelConfig.Span.Full() : span;
      list.add(new ModelConfig.Layer(seen, rope, experts > 0 && !isDense));
    }
    return new ModelConfig(
        arch,
        r.or("vocab", gpt ? 51_200 : 32_000),
        hidden,
        context,
        1e-5,
        r.flag("tied", gpt),
        new ModelConfig.Attention(
            heads,
            r.or("kv_heads", heads),
            headDim,
            1 / Math.sqrt(headDim),
            r.flag("qkv_bias", gpt),
            gpt,
            r.flag("qk_norm", false) ? ModelConfig.QkNorm.LEARNED : ModelConfig.QkNorm.NONE,
            0,
            Optional.empty(),
            r.latent()),
        new ModelConfig.Ffn(
            ffn,
            gpt ? ModelConfig.Activation.GELU : ModelConfig.Activation.SILU,
            r.flag("gated", !gpt)),
        moe,
        list,
        1,
        0);
  }

  private static boolean spread(int i, int some, int layers) {
    return (long) (i + 1) * some / layers > (long) i * some / layers;
  }

  private record Reader(String what, Map<String, String> values) {
    /** Largest size that is read: products of two stay within a long. */
    private static final int MAX = 100_000_000;

    /** Most layers; the deepest published model has some hundred, and planning visits each. */
    private static final int MAX_LAYERS = 1_000;

    int required(String key) {
      String v = values.get(key);
      if (v == null) {
        throw new BadInput(what + ": " + key + " is missing; add " + key + "=…");
      }
      return number(key, v);
    }

    int or(String key, int missing) {
      String v = values.get(key);
      return v == null ? missing : number(key, v);
    }

    boolean flag(String key, boolean missing) {
      String v = values.get(key);
      if (v == null) return missing;
      if (v.equals("true") || v.equals("false")) return v.equals("true");
      throw new BadInput(what + ": " + key + " must be true or false, found \"" + v + "\"");
    }

    Optional<Latent> latent() {
      if (values.keySet().stream().noneMatch(k -> k.startsWith("latent_"))) return Optional.empty();
      return Optional.of(
          new Latent(
              required("latent_heads"),
              required("latent_key"),
              required("latent_value"),
              required("latent_rank"),
              required("latent_rotated"),
              or("latent_queries", 0)));
    }

    /** What layers see, but for the {@code full_layers} among them. */
    ModelConfig.Span span() {
      boolean window = values.containsKey("window");
      boolean chunk = values.containsKey("chunk");
      if (window && chunk) throw new BadInput(what + ": window and chunk exclude each other");
      if (!window && !chunk && values.containsKey("full_layers")) {
        throw new BadInput(
            what + ": full_layers stand between layers with a window or chunk; add window=…");
      }
      if (window) return new ModelConfig.Span.Sliding(required("window"));
      return chunk ? new ModelConfig.Span.Chunked(required("chunk")) : new ModelConfig.Span.Full();
    }

    private int number(String key, String v) {
      long n;
      try {
        n = Long.parseLong(v);
      } catch (NumberFormatException e) {
        n = -1;
      }
      int least =
          key.endsWith("_ffn") || key.endsWith("experts") || key.endsWith("_layers") ? 0 : 1;
      int most = key.equals("layers") ? MAX_LAYERS : MAX;
      if (n < least || n > most) {
        throw new BadInput(
            what
                + ": "
                + key
                + " must be a whole number of "
                + least
                + " to "
                + most
                + ", found \""
                + v
                + "\"");
      }
      return (int) n;
    }
  }
}
