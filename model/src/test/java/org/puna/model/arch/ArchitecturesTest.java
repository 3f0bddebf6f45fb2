package org.puna.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.Fixtures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.Layer;
import org.puna.model.config.ModelConfig.QkNorm;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.model.config.ModelConfig.Span;
import tools.jackson.databind.json.JsonMapper;

class ArchitecturesTest {
  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#families")
  void writesTheConfigurationThatItReads(String family) {
    HfConfig file = HfConfig.read(Fixtures.path("models/" + family + "/config.json"));
    Architecture a = Architectures.ofHf(file);
    ModelConfig config = a.fromHf(file);
    String json = JsonMapper.shared().writeValueAsString(a.toHf(config));
    HfConfig again = parse(json);
    assertThat(Architectures.ofHf(again)).isSameAs(a);
    assertThat(a.fromHf(again)).isEqualTo(config);
  }

  @Test
  void hasTheDefaultsOfTransformers() {
    ModelConfig llama = read("{\"model_type\":\"llama\"}");
    assertThat(llama.attention().nKvHeads()).isEqualTo(32);
    assertThat(llama.attention().headDim()).isEqualTo(128);
    assertThat(llama.ffn().dim()).isEqualTo(11008);
    assertThat(llama.layers().getFirst().rope().get().theta()).isEqualTo(10000);
    ModelConfig mistral = read("{\"model_type\":\"mistral\"}");
    assertThat(mistral.layers().getFirst().span()).isEqualTo(new Span.Sliding(4096));
    ModelConfig open = read("{\"model_type\":\"mistral\",\"sliding_window\":null}");
    assertThat(open.layers().getFirst().span()).isEqualTo(new Span.Full());
    ModelConfig qwen3 = read("{\"model_type\":\"qwen3\"}");
    assertThat(qwen3.attention().headDim()).isEqualTo(128);
    assertThat(qwen3.attention().qkNorm()).isEqualTo(QkNorm.LEARNED);
    ModelConfig gemma = read("{\"model_type\":\"gemma3_text\"}");
    assertThat(gemma.tiedEmbeddings()).isTrue();
    assertThat(gemma.layers()).hasSize(26);
    assertThat(gemma.layers().get(4).span()).isEqualTo(new Span.Sliding(4096));
    assertThat(gemma.layers().get(5).span()).isEqualTo(new Span.Full());
    assertThat(gemma.layers().get(4).rope().get().theta()).isEqualTo(10000);
    assertThat(gemma.layers().get(5).rope().get().theta()).isEqualTo(1e6);
    assertThat(gemma.attention().scale()).isEqualTo(1.0 / 16);
    assertThat(gemma.embeddingScale()).isEqualTo(Math.sqrt(2304));
    ModelConfig llama4 = read("{\"model_type\":\"llama4_text\"}");
    assertThat(llama4.layers()).allMatch(Layer::experts);
    assertThat(llama4.layers().get(3).rope()).isEmpty();
    assertThat(llama4.layers().get(3).span()).isEqualTo(new Span.Full());
    assertThat(llama4.layers().get(4).span()).isEqualTo(new Span.Chunked(8192));
    assertThat(llama4.moe().get().nExperts()).isEqualTo(16);
    assertThat(llama4.attention().tuning().get().floorScale()).isEqualTo(8192);
    ModelConfig mixtral = read("{\"model_type\":\"mixtral\"}");
    assertThat(mixtral.layers().getFirst().rope().get().theta()).isEqualTo(1e6);
  }

  @Test
  void readsEveryScalingInBothSpellings() {
    String yarn =
        "{\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":32768}";
    String older = "{\"model_type\":\"qwen2\",\"rope_theta\":1e6,\"rope_scaling\":" + yarn + "}";
    String newer =
        "{\"model_type\":\"qwen2\",\"rope_parameters\":"
            + yarn.replace("{", "{\"rope_theta\":1000000,")
            + "}";
    assertThat(rope(older)).isEqualTo(rope(newer));
    assertThat(rope(older).theta()).isEqualTo(1e6);
    var s = (RopeScaling.Yarn) rope(older).scaling();
    assertThat(s.attentionFactor()).isEqualTo(0.1 * Math.log(4) + 1);
    assertThat(s.betaFast()).isEqualTo(32);
    assertThat(rope(older.replace("rope_type", "type"))).isEqualTo(rope(older));

    assertThat(
            rope("{\"model_type\":\"llama\",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2}}"))
        .extracting(ModelConfig.Rope::scaling)
        .isEqualTo(new RopeScaling.Linear(2));
    var phi =
        rope(
            "{\"model_type\":\"phi3\",\"hidden_size\":64,\"num_attention_heads\":8,"
                + "\"max_position_embeddings\":131072,\"original_max_position_embeddings\":4096,"
                + "\"partial_rotary_factor\":0.75,"
                + "\"rope_scaling\":{\"type\":\"su\",\"short_factor\":[1,2,3],"
                + "\"long_factor\":[2,3,4]}}");
    assertThat(phi.dims()).isEqualTo(6);
    assertThat(((RopeScaling.LongRope) phi.scaling()).attentionFactor())
        .isEqualTo(Math.sqrt(1 + Math.log(32) / Math.log(4096)));
    var gemma =
        read(
            "{\"model_type\":\"gemma3_text\",\"rope_theta\":5e5,\"rope_local_base_freq\":3e4,"
                + "\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8.0}}");
    assertThat(gemma.layers().get(0).rope().get())
        .isEqualTo(new ModelConfig.Rope(3e4, 256, new RopeScaling.None()));
    assertThat(gemma.layers().get(5).rope().get())
        .isEqualTo(new ModelConfig.Rope(5e5, 256, new RopeScaling.Linear(8)));
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertBad(
        "{\"model_type\":\"llama\",\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}}",
        "expected default, linear, llama3, yarn or longrope, found \"dynamic\"");
    assertBad("{\"model_type\":\"llama\",\"hidden_act\":\"relu\"}", "found \"relu\"");
    assertBad(
        "{\"model_type\":\"llama\",\"quantization_config\":{\"quant_method\":\"gptq\"}}",
        "found \"gptq\"");
    assertBad("{\"model_type\":\"llama\",\"rms_norm_eps\":1e999}", "rms_norm_eps");
    assertBad("{\"model_type\":\"llama\",\"hidden_size\":4095}", "a multiple of 32 heads");
    assertBad("{\"model_type\":\"llama\",\"head_dim\":7}", "an even number");
    assertBad("{\"model_type\":\"qwen2\",\"layer_types\":[\"full_attention\"]}", "32 entries");
    assertBad(
        "{\"model_type\":\"llama\",\"rope_scaling\":{\"rope_type\":\"linear\"}}",
        "factor is missing");
    assertBad(
        "{\"model_type\":\"phi3\",\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1],"
            + "\"long_factor\":[1]}}",
        "48 short and long factors");
    assertBad("{\"model_type\":\"mixtral\",\"num_experts_per_tok\":9}", "9 experts per token");
    assertBad("{\"model_type\":\"llama4_text\",\"moe_layers\":[99]}", "layers from 0 to 47");
  }

  @Test
  void listsAllFamilies() {
    assertThat(Architectures.all().stream().map(Architecture::name))
        .containsExactlyInAnyOrderElementsOf(
            List.of(
                "llama",
                "llama4",
                "mistral",
                "mixtral",
                "qwen2",
                "qwen3",
                "gemma3",
                "phi3",
                "bert",
                "xlm-roberta"));
    assertThat(Architectures.byName("qwen3")).isPresent();
  }

  private static ModelConfig.Rope rope(String json) {
    return read(json).layers().getFirst().rope().get();
  }

  private static ModelConfig read(String json) {
    HfConfig c = parse(json);
    return Architectures.ofHf(c).fromHf(c);
  }

  private static HfConfig parse(String json) {
    return HfConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertBad(String json, String message) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
