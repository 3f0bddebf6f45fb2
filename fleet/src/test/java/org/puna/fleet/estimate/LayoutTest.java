package org.puna.fleet.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;

class LayoutTest {
  @Test
  void readsDegreesAndTakesTheRestAsReplicas() {
    assertThat(Layout.parse("tp=8,cp=1,pp=16,dp=64", 8192))
        .isEqualTo(new Layout(8, 1, 16, 64, 1, 1));
    assertThat(Layout.parse("tp=8,pp=16", 16384).dp()).isEqualTo(128);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tp=8,xx=2", "tp=0", "tp=8,tp=8", "tp", "tp=a", "tp=3", "tp=8,dp=3"})
  void mistakesAreOneLine(String text) {
    assertThatThrownBy(() -> Layout.parse(text, 1024))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("layout")
        .hasMessageNotContaining("\n");
  }

  @Test
  void whatDoesNotDivideSaysWhatToChange() {
    var gpt = ModelShapes.parse("gpt-3-175b");
    assertThatThrownBy(() -> new Layout(5, 1, 1, 1, 1, 1).check(gpt, 2048, 8, 1))
        .hasMessageContaining("96 heads does not divide by tp=5");
    assertThatThrownBy(() -> new Layout(8, 1, 11, 1, 1, 1).check(gpt, 2048, 8, 1))
        .hasMessageContaining("choose pp of 1, 2, 3");
    assertThatThrownBy(() -> new Layout(1, 1, 1, 3, 1, 1).check(gpt, 2048, 8, 1))
        .hasMessageContaining("the batch of 8 sequences does not divide by dp=3");
    assertThatThrownBy(() -> new Layout(1, 1, 1, 8, 2, 1).check(gpt, 2048, 8, 1))
        .hasMessageContaining("ep needs a model with experts");
  }

  @Test
  void embeddingAndHeadMayStandInForLayers() {
    assertThat(new Layout(8, 1, 16, 1, 1, 1).stageLayers(126)).isEqualTo(8);
    assertThatThrownBy(() -> new Layout(1, 1, 16, 1, 1, 1).stageLayers(61))
        .hasMessageEndingWith("choose pp of 1, 2, 3, 7, 9, 21, 31, 61");
  }
}
