package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class MediansTest {
  @Test
  void isTheMiddleOrTheMeanOfTwo() {
    assertThat(Medians.of(new double[] {7})).isEqualTo(7);
    assertThat(Medians.of(new double[] {9, 1, 4})).isEqualTo(4);
    assertThat(Medians.of(List.of(9.0, 1.0, 4.0, 5.0))).isEqualTo(4.5);
  }

  @Test
  void leavesTheMeasurementsInTheirOrder() {
    double[] x = {3, 1, 2};
    assertThat(Medians.of(x)).isEqualTo(2);
    assertThat(x).containsExactly(3, 1, 2);
  }

  @Test
  void refusesNothing() {
    assertThatThrownBy(() -> Medians.of(List.of())).isInstanceOf(IllegalArgumentException.class);
  }
}
