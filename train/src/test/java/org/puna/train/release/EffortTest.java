package org.puna.train.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.train.run.LastLoss;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class EffortTest {
  private static JsonNode line(String json) {
    return JsonMapper.builder().build().readTree(json);
  }

  @Test
  void addsUpWhatStepsTook() {
    Effort e =
        Effort.of(
            List.of(
                line(
                    "{\"step\":0,\"loss\":4.0,\"tokens\":100,\"seconds\":2,\"flops_per_second\":50}"),
                line("{\"step\":0,\"held_out_loss\":4.1}"),
                line(
                    "{\"step\":1,\"loss\":3.0,\"tokens\":200,\"seconds\":3,\"flops_per_second\":10}")));
    assertThat(e.steps()).isEqualTo(2);
    assertThat(e.tokens()).isEqualTo(200);
    assertThat(e.flops()).isEqualTo(130);
    assertThat(e.seconds()).isEqualTo(5);
    assertThat(e.loss()).hasValue(new LastLoss(3.5, 2));
    assertThat(e.loss().orElseThrow().label()).isEqualTo("training loss, mean of last 2 steps");
    // 720 W for 5 s are 3600 J: a thousandth of a kWh.
    assertThat(e.kiloWattHours(720)).isCloseTo(0.001, within(1e-12));
  }

  @Test
  void aRunWithoutStepsTookNothing() {
    assertThat(Effort.of(List.of())).isEqualTo(new Effort(0, 0, 0, 0, java.util.Optional.empty()));
  }
}
