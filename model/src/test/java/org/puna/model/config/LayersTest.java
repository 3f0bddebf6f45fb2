package org.puna.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LayersTest {
  private static ModelConfig.Layer layer(int window, boolean experts) {
    ModelConfig.Span span =
        window == 0 ? new ModelConfig.Span.Full() : new ModelConfig.Span.Sliding(window);
    return new ModelConfig.Layer(span, Optional.empty(), experts);
  }

  @Test
  void layersThatAreAlikeAreCounted() {
    List<ModelConfig.Layer> given =
        new ArrayList<>(List.of(layer(8, true), layer(0, true), layer(8, true), layer(8, false)));
    Layers layers = Layers.of(given);
    assertThat(layers.kinds())
        .containsExactly(
            new ModelConfig.Kind(layer(8, true), 2),
            new ModelConfig.Kind(layer(0, true), 1),
            new ModelConfig.Kind(layer(8, false), 1));
    assertThat(Layers.of(layers)).isSameAs(layers);
  }

  @Test
  void theListIsACopyThatEqualsWhatWasGiven() {
    List<ModelConfig.Layer> given = new ArrayList<>(List.of(layer(0, false), layer(4, false)));
    Layers layers = Layers.of(given);
    List<ModelConfig.Layer> before = List.copyOf(given);
    given.clear();
    assertThat(layers).isEqualTo(before).hasSameHashCodeAs(before);
    assertThatThrownBy(() -> layers.set(0, layer(1, false)))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void sizesOfMixedLayersAreTheSumsOverAllLayers() {
    ModelConfig c =
        ModelShapes.parse(
            "layers=48,hidden=64,heads=4,ffn=128,vocab=32,experts=8,active=2,dense_layers=24");
    assertThat(ModelSize.expertLayers(c)).isEqualTo(24);
    List<ModelConfig.Layer> mixed = new ArrayList<>();
    for (int i = 0; i < 12; i++) mixed.add(layer(i % 3 == 0 ? 0 : 16, false));
    ModelConfig m =
        new ModelConfig(
            c.architecture(),
            c.vocabSize(),
            c.dModel(),
            c.contextLength(),
            c.normEps(),
            c.tiedEmbeddings(),
            c.attention(),
            c.ffn(),
            Optional.empty(),
            mixed,
            c.embeddingScale(),
            c.logitSoftcap());
    // 4 layers keep all 100 positions and 8 the last 16, keys and values of 64 numbers each.
    assertThat(ModelSize.kvBytes(m, 100, 2)).isEqualTo(2.0 * 64 * (4 * 100 + 8 * 16) * 2);
    assertThat(ModelSize.forwardFlops(m, 100, ModelSize.AttentionCount.FULL).attention())
        .isEqualTo(4.0 * 64 * (4 * 100 + 8 * 16));
  }
}
