package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.BadInput;

class TraceTest {
  private static final FleetSpec FLEET =
      new FleetSpec(
          "two",
          List.of(
              new PoolSpec("a", "H100-80GB-SXM", 1024, 8, 32, 4, 794, 0, 2),
              new PoolSpec("b", "A100-80GB-SXM", 512, 8, 32, 4, 271, 0, 0)));

  private static Trace read(String text) {
    return Trace.read(
        new StringReader(text),
        "jobs.csv",
        FLEET,
        Optional.empty(),
        List.of(new TeamPolicy("small", 1, 64)));
  }

  @Test
  void readsDatesOffsetsHoursAndDefaults() {
    Trace t =
        read(
            """
            # comment
            job,submit,gpus,chip,hours,chip_hours,priority,team,checkpoint_minutes,checkpoint_seconds,preemptible
            a,2025-03-01T06:00Z,256,H100,10,,5,red,30,12,no
            b,2025-03-01T06:00:00+02:00,8,H100|A100,,16,,,,,
            c,2025-03-02,1,,1.5,,,,,,
            d,2025-03-01 07:30:00,1,any,1,,-1,,,,yes
            e,3,1,any,1,,,,,,
            """);
    assertThat(t.start()).isEqualTo(Instant.parse("2025-03-01T00:00:00Z"));
    JobSpec a = t.jobs().get(0);
    assertThat(a.submitMillis()).isEqualTo(6 * Jobs.HOUR);
    assertThat(a.chips()).containsExactly("H100-80GB-SXM");
    assertThat(a.intervalMillis()).isEqualTo(1_800_000);
    assertThat(a.saveMillis()).isEqualTo(12_000);
    assertThat(a.preemptible()).isFalse();
    JobSpec b = t.jobs().get(1);
    assertThat(b.submitMillis()).isEqualTo(4 * Jobs.HOUR);
    assertThat(b.workMillis()).isEqualTo(2 * Jobs.HOUR);
    assertThat(b.chips()).containsExactly("H100-80GB-SXM", "A100-80GB-SXM");
    assertThat(b.preemptible()).isTrue();
    assertThat(t.jobs().get(2).submitMillis()).isEqualTo(24 * Jobs.HOUR);
    assertThat(t.jobs().get(3).priority()).isEqualTo(-1);
    assertThat(t.jobs().get(4).submitMillis()).isEqualTo(3 * Jobs.HOUR);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "2025-03-01,-8,any,1,,;jobs.csv:2: gpus must be a whole number of at least 1, found -8",
        "2025-03-01,8,H900,1,,;jobs.csv:2: unknown chip \"H900\"; the fleet has H100-80GB-SXM,"
            + " A100-80GB-SXM",
        "2025-03-01,2000,any,1,,;jobs.csv:2: a gang of 2000 chips never fits: the largest pool of",
        "2025-03-01,1016,H100,1,,;jobs.csv:2: a gang of 1016 chips never fits",
        "2025-02-30,8,any,1,,;jobs.csv:2: submit \"2025-02-30\" is not a date; write 2025-01-31",
        "tomorrow,8,any,1,,;jobs.csv:2: submit \"tomorrow\" is not a date",
        "-5,8,any,1,,;jobs.csv:2: submit \"-5\" is before the start",
        "2025-03-01,8,any,,,;jobs.csv:2: give either hours or chip_hours",
        "2025-03-01,8,any,1,1,;jobs.csv:2: give either hours or chip_hours",
        "2025-03-01,8,any,0,,;jobs.csv:2: the work must be more than 0",
        "2025-03-01,8,any,1e9,,;jobs.csv:2: the work must be more than 0 and at most 876000 hours",
        "2025-03-01,8,any,x,,;jobs.csv:2: hours is not a number, found \"x\"",
        "2025-03-01,,any,1,,;jobs.csv:2: gpus is missing",
        "2025-03-01,128,any,1,,small;jobs.csv:2: a gang of 128 chips never fits the quota of team"
            + " small",
      })
  void saysFileLineAndRemedy(String row, String message) {
    assertThatThrownBy(() -> read("submit,gpus,chip,hours,chip_hours,team\n" + row + "\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void refusesEmptyFilesDoubleNamesAndUnknownColumns() {
    assertThatThrownBy(() -> read("submit,gpus,hours\n"))
        .hasMessageStartingWith("jobs.csv: no jobs");
    assertThatThrownBy(() -> read("job,submit,gpus,hours\na,0,1,1\na,0,1,1\n"))
        .hasMessage("jobs.csv:3: job \"a\" occurs twice; give it another name");
    assertThatThrownBy(() -> read("submit,gpu,hours\n0,1,1\n"))
        .hasMessageContaining("unknown column \"gpu\"");
  }

  @Test
  void failureTablesSayWhatIsWrong() {
    assertThatThrownBy(() ->
            FailureTable.read(
                new StringReader("component,category,count,scope\nGPU,GPU,3,rack\n"), "f.csv"))
        .hasMessage("f.csv:2: scope must be job, node or leaf, found \"rack\"; correct it");
    assertThatThrownBy(
            () -> FailureTable.read(new StringReader("component,count\nGPU,-3\n"), "f.csv"))
        .hasMessageStartingWith("f.csv:2: GPU: the rate must not be negative");
    assertThatThrownBy(
            () -> TeamPolicy.read(new StringReader("team,share\na,1\na,2\n"), "teams.csv"))
        .hasMessageStartingWith("teams.csv:3: team a occurs twice");
  }
}
