package org.puna.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.Checkpoint;
import org.puna.model.Fixtures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Encoder;
import org.puna.model.config.ModelSize;
import org.puna.model.convert.Convert;
import org.puna.model.convert.Progress;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufWriter;
import org.puna.model.layers.Result;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.weights.Weight;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;

/** Configurations and layouts of encoders; what they compute is tested where it is used. */
class EncodersTest {
  @TempDir Path dir;

  private static ModelConfig read(String json) {
    HfConfig c =
        HfConfig.parse("config.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    return Architectures.ofHf(c).fromHf(c);
  }

  @Test
  void hasTheDefaultsOfTransformers() {
    ModelConfig bert = read("{'model_type':'bert'}");
    assertThat(bert.contextLength()).isEqualTo(512);
    assertThat(bert.nLayers()).isEqualTo(12);
    assertThat(bert.normEps()).isEqualTo(1e-12);
    assertThat(bert.encoder()).contains(new Encoder(2, 0, true));
    // bert-base without its pooler has 108,891,648 parameters.
    assertThat(ModelSize.parameters(bert).total()).isEqualTo(108_891_648);
    ModelConfig ranks =
        read("{'model_type':'bert','architectures':['BertForSequenceClassification']}");
    assertThat(ranks.encoder()).contains(new Encoder(2, 2, true));
    ModelConfig multilingual =
        read(
            "{'model_type':'xlm-roberta','architectures':['XLMRobertaForSequenceClassification'],"
                + "'id2label':{'0':'LABEL_0'},'max_position_embeddings':514,'type_vocab_size':1}");
    assertThat(multilingual.contextLength()).isEqualTo(512);
    assertThat(multilingual.encoder()).contains(new Encoder(1, 1, true));
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertBad("{'model_type':'bert','hidden_act':'relu'}", "found \"relu\"");
    assertBad("{'model_type':'bert','is_decoder':true}", "is_decoder");
    assertBad(
        "{'model_type':'bert','position_embedding_type':'relative_key'}", "found \"relative_key\"");
    assertBad("{'model_type':'bert','hidden_size':770}", "a multiple of 12 heads");
    assertBad("{'model_type':'roberta','max_position_embeddings':2}", "more than 2");
    assertBad("{'model_type':'roberta','pad_token_id':0}", "expected 1, found");
    assertBad(
        "{'model_type':'bert','architectures':['XForSequenceClassification'],'id2label':{}}",
        "1 to 65536 labels, found 0");
  }

  private static void assertBad(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void anEncoderDoesNotGenerate() {
    try (var c = Checkpoint.open(Fixtures.path("models/bert-embed"))) {
      assertThatThrownBy(() -> c.architecture().forward(c.config(), c.weights(), 10))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("does not generate; use `puna embed` or `puna rerank`");
      assertThatThrownBy(() -> c.architecture().forward(c.config(), c.weights(), 10, Result.SCORES))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("no classification head");
    }
  }

  /** The fixture under other names, with another configuration. */
  private Path renamed(String model, UnaryOperator<String> names, UnaryOperator<String> config)
      throws IOException {
    Path in = Fixtures.path("models/" + model);
    Path out = Files.createDirectories(dir.resolve("renamed"));
    try (var file = Safetensors.open(in)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String name : file.entries().keySet()) {
        Tensor t = file.tensor(name);
        boolean positions = name.endsWith("position_embeddings.weight");
        tensors.put(names.apply(name), positions && model.equals("bert-rerank") ? behind(t) : t);
      }
      SafetensorsWriter.write(out.resolve("model.safetensors"), tensors, Map.of());
    }
    Files.writeString(
        out.resolve("config.json"), config.apply(Files.readString(in.resolve("config.json"))));
    return out;
  }

  /** Two rows more before those of a table. */
  private static Tensor behind(Tensor t) {
    float[] rows = t.toFloats();
    float[] all = new float[rows.length + 2 * t.rowElements()];
    System.arraycopy(rows, 0, all, 2 * t.rowElements(), rows.length);
    return tensor(all, t.dim(0) + 2, t.rowElements());
  }

  private static Tensor tensor(float[] numbers, long... shape) {
    MemorySegment s = MemorySegment.ofArray(new byte[numbers.length * Float.BYTES]);
    BlockFormats.F32.encode(numbers, 0, numbers.length, s, 0);
    return new Tensor(BlockFormats.F32, shape, s);
  }

  private static void sameWeights(Path a, Path b) {
    try (var x = Checkpoint.open(a);
        var y = Checkpoint.open(b)) {
      assertThat(y.weights().all().stream().map(Weight::name))
          .containsExactlyElementsOf(x.weights().all().stream().map(Weight::name).toList());
      for (Weight w : x.weights().all()) {
        assertThat(y.weights().tensor(w.name()).orElseThrow().toFloats())
            .as(w.name())
            .isEqualTo(x.weights().tensor(w.name()).orElseThrow().toFloats());
      }
    }
  }

  @Test
  void readsNormsThatComeFromTensorFlow() throws IOException {
    Path old =
        renamed(
            "bert-embed",
            n ->
                "bert."
                    + n.replace("LayerNorm.weight", "LayerNorm.gamma")
                        .replace("LayerNorm.bias", "LayerNorm.beta"),
            c -> c);
    sameWeights(Fixtures.path("models/bert-embed"), old);
  }

  @Test
  void readsRobertaAndWritesIt() throws IOException {
    Path roberta =
        renamed(
            "bert-rerank",
            n ->
                n.replace("bert.pooler.dense", "classifier.dense")
                    .replace("classifier.weight", "classifier.out_proj.weight")
                    .replace("classifier.bias", "classifier.out_proj.bias")
                    .replaceFirst("^bert\\.", "roberta."),
            c ->
                c.replace("\"bert\"", "\"xlm-roberta\"")
                    .replace("BertFor", "XLMRobertaFor")
                    .replace("\"pad_token_id\": 0", "\"pad_token_id\": 1")
                    .replace(
                        "\"max_position_embeddings\": 128", "\"max_position_embeddings\": 130"));
    sameWeights(Fixtures.path("models/bert-rerank"), roberta);
    Path gguf = dir.resolve("m.gguf");
    Path back = dir.resolve("back");
    Convert.run(roberta, gguf, Optional.empty(), 1, Progress.NONE);
    sameWeights(roberta, gguf);
    Convert.run(roberta, back, Optional.of("f32"), 1, Progress.NONE);
    sameWeights(roberta, back);
    try (var a = Checkpoint.open(roberta);
        var b = Checkpoint.open(back)) {
      assertThat(b.config()).isEqualTo(a.config());
      assertThat(b.safetensors().orElseThrow().entries().keySet())
          .isEqualTo(a.safetensors().orElseThrow().entries().keySet());
    }
  }

  @Test
  void writesTheKeysOfLlamaCpp() {
    Path gguf = dir.resolve("m.gguf");
    Convert.run(Fixtures.path("models/bert-rerank"), gguf, Optional.of("q8_0"), 1, Progress.NONE);
    try (var f = GgufFile.open(gguf)) {
      var m = f.metadata();
      assertThat(m.u32("bert.pooling_type")).isEqualTo(4);
      assertThat(m.optionalBool("bert.attention.causal")).contains(false);
      assertThat(m.f32("bert.attention.layer_norm_epsilon")).isEqualTo(1e-12);
      assertThat(m.u32("tokenizer.ggml.token_type_count")).isEqualTo(2);
      assertThat(f.tensors().keySet())
          .contains(
              "token_embd.weight",
              "token_types.weight",
              "position_embd.weight",
              "token_embd_norm.bias",
              "blk.0.attn_q.bias",
              "blk.1.attn_output_norm.weight",
              "blk.2.ffn_up.bias",
              "blk.2.layer_output_norm.bias",
              "cls.weight",
              "cls.output.bias");
      // As llama.cpp does, tables of positions and segments keep full precision.
      assertThat(f.tensor("position_embd.weight").orElseThrow().format().name()).isEqualTo("F32");
      assertThat(f.tensor("token_types.weight").orElseThrow().format().name()).isEqualTo("F32");
      assertThat(f.tensor("blk.0.ffn_up.weight").orElseThrow().format().name()).isEqualTo("Q8_0");
    }
  }

  @Test
  void readsFusedQueriesKeysAndValues() {
    Path gguf = dir.resolve("m.gguf");
    Path fused = dir.resolve("fused.gguf");
    Convert.run(Fixtures.path("models/bert-embed"), gguf, Optional.empty(), 1, Progress.NONE);
    try (var f = GgufFile.open(gguf)) {
      var tensors = new LinkedHashMap<>(f.tensors());
      for (int layer = 0; layer < 3; layer++) {
        for (String kind : new String[] {".weight", ".bias"}) {
          String p = "blk." + layer + ".attn_";
          tensors.put(
              p + "qkv" + kind,
              joined(
                  tensors.remove(p + "q" + kind),
                  tensors.remove(p + "k" + kind),
                  tensors.remove(p + "v" + kind)));
        }
      }
      GgufWriter.write(fused, f.metadata().values(), tensors);
    }
    sameWeights(gguf, fused);
  }

  private static Tensor joined(Tensor... parts) {
    int n = (int) parts[0].elements();
    float[] all = new float[3 * n];
    for (int i = 0; i < 3; i++) System.arraycopy(parts[i].toFloats(), 0, all, i * n, n);
    long[] shape = parts[0].shape();
    shape[0] *= 3;
    return tensor(all, shape);
  }
}
