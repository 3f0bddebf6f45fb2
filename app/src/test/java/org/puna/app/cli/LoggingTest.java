package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoggingTest {
  @ParameterizedTest
  @ValueSource(strings = {"2026-11-23T11:09:22.540Z", "2026-11-23T11:09:22Z"})
  void timesAreAsLongAsEachOther(String time) {
    Instant t = Instant.parse(time);
    assertThat(Logging.time(t))
        .matches("2026-11-2\\dT\\d\\d:\\d\\d:22\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)");
    assertThat(
            Instant.from(
                java.time.format.DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(Logging.time(t))))
        .isEqualTo(t);
  }
}
