package org.puna.server.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;

/** Places and times by a clock that stands until it is told to go on. */
final class AdmissionTest {
  private long nanos;

  private void pass(double seconds) {
    nanos += (long) (seconds * 1e9);
  }

  private Admission places(int atOnce, int queue) {
    return new Admission(atOnce, queue, () -> nanos);
  }

  private static int refused(Admission a, int n) {
    ApiFailure f = catchThrowableOfType(ApiFailure.class, () -> a.enter(n, "m"));
    assertThat(f).isNotNull();
    ApiError.TooMany e = (ApiError.TooMany) f.error();
    assertThat(e.message()).contains("try again in " + e.retryAfterSeconds() + " s");
    return e.retryAfterSeconds();
  }

  private static void fill(Admission a, int n) {
    for (int i = 0; i < n; i++) a.enter(1, "m");
  }

  @Test
  void halfOfWhatWaitsGoesByAtThePaceThatWasSeen() {
    Admission a = places(2, 20);
    fill(a, 22);
    for (int i = 0; i < 50; i++) {
      pass(3);
      a.leave(1);
      a.enter(1, "m");
    }
    assertThat(refused(a, 1)).isEqualTo(30);
    // Those that end together count one each.
    pass(8);
    a.leave(4);
    fill(a, 4);
    assertThat(refused(a, 1)).isBetween(23, 29);
  }

  @Test
  void fasterAnswersShortenTheWait() {
    Admission a = places(1, 40);
    fill(a, 41);
    pass(10);
    a.leave(1);
    a.enter(1, "m");
    int slow = refused(a, 1);
    for (int i = 0; i < 60; i++) {
      pass(0.5);
      a.leave(1);
      a.enter(1, "m");
    }
    assertThat(slow).isEqualTo(Admission.LONGEST_RETRY);
    assertThat(refused(a, 1)).isBetween(10, 11);
  }

  @Test
  void aRequestForManyWaitsForAsMany() {
    Admission a = places(8, 0);
    fill(a, 8);
    pass(2);
    a.leave(1);
    a.enter(1, "m");
    assertThat(refused(a, 1)).isEqualTo(2);
    assertThat(refused(a, 6)).isEqualTo(12);
  }

  @Test
  void beforeAnythingEndedTheTimeSoFarIsTheMeasure() {
    Admission a = places(1, 4);
    fill(a, 5);
    assertThat(refused(a, 1)).isEqualTo(1);
    pass(7);
    assertThat(refused(a, 1)).isEqualTo(14);
    pass(1e6);
    assertThat(refused(a, 1)).isEqualTo(Admission.LONGEST_RETRY);
  }

  @Test
  void timeInWhichNobodyWasThereDoesNotCount() {
    Admission a = places(1, 1);
    a.enter(1, "m");
    pass(2);
    a.leave(1);
    pass(1e6);
    fill(a, 2);
    assertThat(refused(a, 1)).isEqualTo(2);
    // A long silence tells that the pace has slowed.
    pass(42);
    assertThat(refused(a, 1)).isEqualTo(6);
  }

  @Test
  void moreThanThereArePlacesIsARequestToMend() {
    Admission a = places(1, 2);
    ApiFailure f = catchThrowableOfType(ApiFailure.class, () -> a.enter(4, "m"));
    assertThat(f.error()).isInstanceOf(ApiError.BadRequest.class);
    assertThat(f.error().text()).contains("3 answers at most, found 4");
    a.enter(3, "m");
    // Counting tokens takes no place.
    a.enter(0, "m");
    a.leave(0);
    a.leave(3);
    a.enter(3, "m");
    Admission wide = places(4096, Integer.MAX_VALUE);
    wide.enter(100_000, "m");
  }
}
