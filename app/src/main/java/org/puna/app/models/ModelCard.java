package org.puna.app.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.puna.app.cli.Table;
import org.puna.app.cli.Units;
import org.puna.engine.EngineOptions;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.weights.Weight;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvType;
import org.puna.tensor.Repacked;
import org.puna.tensor.backends.Backends;
import org.puna.tensor.cpu.StepMemory;
import org.puna.tensor.quant.BlockFormat;

/** What there is to know about a model without running it. */
final class ModelCard {
  private static final int KEY_WIDTH = 14;

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final int contextLength;
  private final KvType kv;

  /**
   * A card.
   *
   * @param asked positions to count memory for, 0 for the default
   * @param kv how keys and values are cached
   */
  ModelCard(Checkpoint checkpoint, int asked, KvType kv) {
    if (asked < 0) {
      throw new BadInput("--ctx: expected positions, at least 1, found " + asked);
    }
    this.checkpoint = checkpoint;
    this.kv = kv;
    config = checkpoint.config();
    contextLength = EngineOptions.contextLength(config, asked);
  }

  /** Tensors and bytes of one type. */
  private record Share(int tensors, long bytes) {
    Share plus(long more) {
      return new Share(tensors + 1, bytes + more);
    }
  }

  /** One stored tensor. */
  private record Row(String name, long[] shape, String type, long bytes) {}

  private List<Row> rows() {
    List<Row> out = new ArrayList<>();
    checkpoint
        .gguf()
        .ifPresent(g ->
            g.tensors()
                .forEach((name, t) ->
                    out.add(new Row(name, t.shape(), t.format().name(), t.data().byteSize()))));
    checkpoint
        .safetensors()
        .ifPresent(s ->
            s.entries()
                .forEach((name, e) ->
                    out.add(
                        new Row(
                            name,
                            e.shape(),
                            e.dtype().format().map(BlockFormat::name).orElse("other"),
                            e.data().byteSize()))));
    return out;
  }

  private Map<String, Share> types() {
    Map<String, Share> out = new TreeMap<>();
    for (Row r : rows()) {
      out.put(r.type(), out.getOrDefault(r.type(), new Share(0, 0)).plus(r.bytes()));
    }
    return out;
  }

  private long parameters() {
    long sum = 0;
    for (Weight w : checkpoint.weights().all()) {
      sum += Arrays.stream(w.shape()).reduce(1, Math::multiplyExact);
    }
    return sum;
  }

  private long cacheBytes() {
    // An encoder keeps nothing from step to step.
    if (config.encoder().isPresent()) return 0;
    return (long) ModelSize.kvBytes(config, contextLength, kv.bytesPerNumber());
  }

  /**
   * What an engine with one sequence holds beside weights and cache.
   *
   * @param buffers bytes of a step
   * @param copies bytes of weights that the fastest backend here keeps a copy of
   */
  private record Beside(long buffers, long copies) {}

  /** Returns what is held beside weights and cache; nothing where the model cannot be run. */
  private Optional<Beside> beside() {
    if (config.encoder().isPresent()) return Optional.empty();
    try (Backend backend = Backends.open("auto", 1)) {
      Graph graph = checkpoint.architecture().forward(config, checkpoint.weights(), contextLength);
      int chunk = EngineOptions.single(contextLength).chunkTokens();
      try (Repacked copies = backend.repack(graph, 0)) {
        return Optional.of(new Beside(StepMemory.bytes(graph, chunk, 1), copies.bytes()));
      }
    } catch (BadInput | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns every tensor as a table. */
  Table tensors() {
    Table table = new Table("TENSOR", "SHAPE", "TYPE", "SIZE");
    rows()
        .forEach(
            r -> table.row(r.name(), Arrays.toString(r.shape()), r.type(), Units.bytes(r.bytes())));
    return table;
  }

  /** Returns the card for people. */
  String text() {
    StringBuilder out = new StringBuilder();
    line(out, "name", checkpoint.name());
    line(out, "files", files() + ", " + Units.bytes(checkpoint.bytes()));
    line(out, "architecture", config.architecture());
    line(out, "parameters", parametersText());
    line(out, "layers", layersText());
    ModelConfig.Attention a = config.attention();
    line(
        out,
        "attention",
        a.nHeads() + " heads of " + a.headDim() + ", " + a.nKvHeads() + " for keys and values");
    line(out, "feed-forward", feedForwardText());
    line(out, "context", config.contextLength() + " positions" + ropeText());
    config.encoder().ifPresent(e -> line(out, "encoder", encoderText(e)));
    line(out, "vocabulary", vocabularyText());
    line(
        out,
        "chat template",
        checkpoint.chatTemplate().map(t -> t.length() + " characters").orElse("none"));
    StringBuilder types = new StringBuilder();
    types()
        .forEach((type, share) -> {
          types.append(types.isEmpty() ? "" : ", ");
          types.append(type).append(" × ").append(share.tensors());
          types.append(" (").append(Units.bytes(share.bytes())).append(')');
        });
    line(out, "types", types.toString());
    Optional<Beside> beside = beside();
    line(
        out,
        "memory",
        Units.bytes(checkpoint.bytes())
            + " mapped weights, "
            + Units.bytes(cacheBytes())
            + " cache for "
            + contextLength
            + " positions"
            + (kv == KvType.F32 ? "" : " in " + kv.spelled())
            + beside.map(b -> ", " + Units.bytes(b.buffers) + " step buffers").orElse("")
            + beside
                .filter(b -> b.copies > 0)
                .map(b -> ", " + Units.bytes(b.copies) + " repacked weights (not with --no-repack)")
                .orElse(", no copies of weights"));
    return out.toString();
  }

  private static void line(StringBuilder out, String key, String value) {
    out.append(key).append(" ".repeat(KEY_WIDTH - key.length())).append("  ").append(value);
    out.append('\n');
  }

  private String files() {
    int n = checkpoint.files().size();
    String kind = checkpoint.gguf().map(g -> "GGUF version " + g.version()).orElse("safetensors");
    return checkpoint.path() + " (" + kind + (n > 1 ? ", " + n + " files" : "") + ")";
  }

  private String parametersText() {
    long all = ModelSize.parameters(config).total();
    long active = ModelSize.activeParameters(config).total();
    return String.format(Locale.ROOT, "%s (%,d)", Units.count(parameters()), parameters())
        + (active < all ? ", " + Units.count(active) + " active for a token" : "");
  }

  private String layersText() {
    Map<String, Integer> spans = new LinkedHashMap<>();
    for (ModelConfig.Layer layer : config.layers()) {
      spans.merge(span(layer.span()), 1, Integer::sum);
    }
    String kinds =
        spans.size() == 1
            ? spans.keySet().iterator().next()
            : String.join(
                ", ", spans.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList());
    return config.nLayers() + " of width " + config.dModel() + ", " + kinds;
  }

  private static String span(ModelConfig.Span span) {
    return switch (span) {
      case ModelConfig.Span.Full() -> "full attention";
      case ModelConfig.Span.Sliding(int window) -> "a window of " + window;
      case ModelConfig.Span.Chunked(int size) -> "chunks of " + size;
    };
  }

  private String feedForwardText() {
    String dense =
        config.ffn().dim()
            + " wide, "
            + config.ffn().activation().name().toLowerCase(Locale.ROOT)
            + (config.ffn().gated() ? ", gated" : "");
    return config
        .moe()
        .map(m ->
            m.nExperts()
                + " experts of width "
                + m.dim()
                + ", "
                + m.nActive()
                + " for a token"
                + (m.sharedDim() > 0 ? ", a shared one of width " + m.sharedDim() : ""))
        .orElse(dense);
  }

  private String encoderText(ModelConfig.Encoder e) {
    return e.segments()
        + (e.segments() == 1 ? " segment, " : " segments, ")
        + (e.labels() > 0
            ? "a classification head of " + e.labels() + (e.labels() == 1 ? " label" : " labels")
            : "embeds by pooling "
                + checkpoint
                    .embedding()
                    .pooling()
                    .map(p -> p.name().toLowerCase(Locale.ROOT))
                    .orElse("mean"));
  }

  private String ropeText() {
    return config.layers().stream()
        .flatMap(l -> l.rope().stream())
        .findFirst()
        .map(r ->
            String.format(
                Locale.ROOT,
                ", rope base %.0f%s",
                r.theta(),
                r.scaling() instanceof ModelConfig.RopeScaling.None
                    ? ""
                    : ", scaling " + r.scaling().getClass().getSimpleName()))
        .orElse("");
  }

  private String vocabularyText() {
    if (!checkpoint.hasTokenizer()) {
      return config.vocabSize() + " ids, no tokenizer";
    }
    Tokenizer t = checkpoint.tokenizer();
    List<String> ends = new ArrayList<>();
    for (int id : t.endOfGeneration()) {
      ends.add(t.token(id));
    }
    return config.vocabSize()
        + " ids"
        + (t.bos().isPresent() ? ", begins with " + t.token(t.bos().getAsInt()) : "")
        + (ends.isEmpty() ? "" : ", ends with " + String.join(" ", ends));
  }

  /** Returns the card for machines. */
  Map<String, Object> fields() {
    Map<String, Object> f = new LinkedHashMap<>();
    f.put("name", checkpoint.name());
    f.put("path", checkpoint.path().toString());
    f.put("files", checkpoint.files().stream().map(Object::toString).toList());
    f.put("bytes", checkpoint.bytes());
    f.put("format", checkpoint.gguf().isPresent() ? "gguf" : "safetensors");
    f.put("architecture", config.architecture());
    f.put("parameters", parameters());
    f.put("active_parameters", ModelSize.activeParameters(config).total());
    f.put("n_layers", config.nLayers());
    f.put("d_model", config.dModel());
    f.put("n_heads", config.attention().nHeads());
    f.put("n_kv_heads", config.attention().nKvHeads());
    f.put("head_dim", config.attention().headDim());
    f.put("ffn_dim", config.ffn().dim());
    config
        .moe()
        .ifPresent(m -> {
          f.put("n_experts", m.nExperts());
          f.put("n_active_experts", m.nActive());
          f.put("expert_dim", m.dim());
        });
    f.put("vocab_size", config.vocabSize());
    f.put("context_length", config.contextLength());
    config.layers().stream()
        .flatMap(l -> l.rope().stream())
        .findFirst()
        .ifPresent(r -> f.put("rope_theta", r.theta()));
    f.put("tied_embeddings", config.tiedEmbeddings());
    config
        .encoder()
        .ifPresent(e -> {
          f.put("encoder", true);
          f.put("labels", e.labels());
        });
    Map<String, Object> types = new LinkedHashMap<>();
    types()
        .forEach((type, share) ->
            types.put(type, Map.of("tensors", share.tensors(), "bytes", share.bytes())));
    f.put("types", types);
    f.put("tokenizer", checkpoint.hasTokenizer());
    f.put("chat_template", checkpoint.chatTemplate().orElse(null));
    Map<String, Object> memory = new LinkedHashMap<>();
    memory.put("context", contextLength);
    memory.put("weight_bytes", checkpoint.bytes());
    memory.put("kv_cache_type", kv.spelled());
    memory.put("kv_cache_bytes", cacheBytes());
    Beside beside = beside().orElse(new Beside(0, 0));
    memory.put("step_buffer_bytes", beside.buffers);
    memory.put("repacked_weight_bytes", beside.copies);
    memory.put("total_bytes", checkpoint.bytes() + cacheBytes() + beside.buffers + beside.copies);
    f.put("memory", memory);
    return f;
  }
}
