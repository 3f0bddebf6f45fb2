package org.puna.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.ActivationMemory.Keeping;
import org.puna.model.config.ActivationMemory.Recompute;

class ModelSizeTest {
  /** Papers print parameters with three or four digits. */
  private static final double PRINTED_DIGITS = 0.006;

  /** The published activation figures have four digits. */
  private static final double PUBLISHED_GIB = 0.01;

  @ParameterizedTest
  @CsvSource({
    "llama-2-7b, 6.74, 6.74",
    "llama-2-13b, 13.02, 13.02",
    "llama-2-70b, 68.98, 68.98",
    "llama-3-8b, 8.03, 8.03",
    "llama-3-70b, 70.55, 70.55",
    "llama-3.1-405b, 405.9, 405.9",
    "llama-3.2-1b, 1.236, 1.236",
    "llama-3.2-3b, 3.213, 3.213",
    "mixtral-8x7b, 46.7, 12.9",
    "mixtral-8x22b, 140.6, 39.2",
    "qwen3-30b-a3b, 30.5, 3.35",
    "palm-540b, 540.35, 540.35",
    "gpt-3-175b, 174.6, 174.6",
    "gpt-39.1b, 39.1, 39.1",
    "gpt-1008b, 1008.0, 1008.0",
  })
  void countsTheParametersThatWerePublished(String name, double totalB, double activeB) {
    ModelConfig c = ModelShapes.parse(name);
    assertThat(ModelSize.parameters(c).total() / 1e9)
        .isCloseTo(totalB, within(totalB * PRINTED_DIGITS));
    assertThat(ModelSize.activeParameters(c).total() / 1e9)
        .isCloseTo(activeB, within(activeB * PRINTED_DIGITS));
  }

  /** The parameters that the safetensors files on Hugging Face state. */
  @ParameterizedTest
  @CsvSource({
    "qwen2.5-7b, 7615616512",
    "qwen2.5-72b, 72706203648",
    "qwen3-8b, 8190735360",
    "qwen3-32b, 32762123264",
    "qwen3-30b-a3b, 30532122624"
  })
  void countsQwenExactly(String name, long total) {
    assertThat(ModelSize.parameters(ModelShapes.parse(name)).total()).isEqualTo(total);
  }

  @Test
  void absurdShapesAreRefusedInOneLine() {
    assertThatThrownBy(() -> ModelShapes.parse("layers=100000,hidden=64,heads=4,ffn=128"))
        .isInstanceOf(BadInput.class)
        .hasMessage("model: layers must be a whole number of 1 to 1000, found \"100000\"");
    ModelConfig wide =
        ModelShapes.parse("layers=1000,hidden=99999999,heads=1,ffn=99999999,vocab=99999999");
    assertThatThrownBy(() -> ModelSize.parameters(wide))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("more parameters than can be counted");
    ModelConfig experts =
        ModelShapes.parse(
            "layers=2,hidden=99999999,heads=1,ffn=8,experts=99999999,active=1,expert_ffn=99999999");
    assertThatThrownBy(() -> ModelSize.parameters(experts)).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> ModelSize.expertParameters(experts)).isInstanceOf(BadInput.class);
  }

  @Test
  void trainingFlopsOf405bMatchTheStatedBudget() {
    // The Llama 3 paper states 3.8e25 FLOPs for 15.6T tokens.
    ModelConfig c = ModelShapes.parse("llama-3.1-405b");
    double perToken = ModelSize.trainingFlops(c, 8192, ModelSize.AttentionCount.CAUSAL).matmuls();
    assertThat(perToken * 15.6e12).isCloseTo(3.8e25, within(0.02e25 * 1.5));
  }

  @Test
  void megatronFormulaForGpt() {
    // 96·B·s·l·h²·(1 + s/(6h) + V/(16·l·h)) of Narayanan et al. is four forward passes.
    ModelConfig c = ModelShapes.parse("gpt-3-175b");
    double l = 96;
    double h = 12288;
    double s = 2048;
    double v = 51200;
    double expected = 96 * l * h * h * (1 + s / (6 * h) + v / (16 * l * h));
    // The formula recomputes the head too and leaves biases out.
    double ours = 4 * ModelSize.forwardFlops(c, 2048, ModelSize.AttentionCount.FULL).total();
    assertThat(ours).isCloseTo(expected, within(expected * 0.005));
  }

  @Test
  void kvCacheOf70bIsThreeHundredTwentyKibPerToken() {
    // 2 · 80 layers · 8 heads · 128 · 2 bytes.
    ModelConfig c = ModelShapes.parse("llama-3-70b");
    assertThat(ModelSize.kvBytes(c, 1, 2)).isEqualTo(327_680);
  }

  @Test
  void slidingLayersSeeTheirWindow() {
    String shape = "layers=2,hidden=64,heads=4,ffn=128,vocab=100,window=8";
    ModelConfig c = ModelShapes.parse(shape);
    // Positions 1..8 see 1..8, the other eight see 8: mean 6.25.
    double perLayer = 4 * 64 * (36 + 64) / 16.0;
    assertThat(ModelSize.forwardFlops(c, 16, ModelSize.AttentionCount.CAUSAL).attention())
        .isEqualTo(2 * perLayer);
    assertThat(ModelSize.kvBytes(c, 16, 2)).isEqualTo(2 * 2 * 64 * 8 * 2);
  }

  @Test
  void activationsOfGpt175bAreThePublishedOnes() {
    // Korthikanti et al. 2022: 175B with tensor parallel 8, pipeline 8, three chunks interleaved.
    ModelConfig c = ModelShapes.parse("gpt-3-175b");
    double layers = 96 * ActivationMemory.layersInFlight(8, 3, 64);
    double plain =
        layers
            * ActivationMemory.layerBytes(
                c, false, 1, 2048, new Keeping(8, 1, false, false, Recompute.NONE));
    double selective =
        layers
            * ActivationMemory.layerBytes(
                c, false, 1, 2048, new Keeping(8, 1, true, false, Recompute.SELECTIVE));
    double gib = 1L << 30;
    assertThat(plain / gib).isCloseTo(66.84, within(66.84 * PUBLISHED_GIB));
    assertThat(selective / gib).isCloseTo(12.35, within(12.35 * PUBLISHED_GIB));
  }

  @Test
  void spelledOutShapesAreChecked() {
    assertThat(
            ModelSize.parameters(
                    ModelShapes.parse(
                        "layers=96,hidden=12288,heads=96,ffn=49152,vocab=51200,arch=gpt"))
                .total())
        .isEqualTo(ModelSize.parameters(ModelShapes.parse("GPT-3 175B")).total());
    assertThatThrownBy(() -> ModelShapes.parse("layers=96,hidden=100,heads=7,ffn=4"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("head_dim");
    assertThatThrownBy(() -> ModelShapes.parse("layers=0,hidden=64,heads=4,ffn=4"))
        .hasMessageContaining("layers must be a whole number of 1");
    assertThatThrownBy(() -> ModelShapes.parse("llama-9-1b"))
        .hasMessageContaining("llama-3.1-405b");
    assertThatThrownBy(() -> ModelShapes.parse("layers=1,depth=2")).hasMessageContaining("depth=2");
  }

  @Test
  void nearestOfAFamily() {
    assertThat(ModelShapes.nearest("GPT-3", 174.6e9)).isEqualTo(ModelShapes.named("gpt-3-175b"));
    assertThat(ModelShapes.nearest("llama 3", 69.9e9)).isEqualTo(ModelShapes.named("llama-3-70b"));
    assertThat(ModelShapes.nearest("mixtral", 12.9e9)).as("active").isPresent();
    assertThat(ModelShapes.nearest("llama", 100e9)).isEmpty();
    assertThat(ModelShapes.nearest("falcon", 7e9)).isEmpty();
  }
}
