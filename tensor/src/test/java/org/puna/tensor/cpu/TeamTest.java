package org.puna.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyPieceIsDoneOnce(int size) {
    try (Team team = new Team(size)) {
      assertThat(team.size()).isEqualTo(size);
      for (int round = 0; round < 300; round++) {
        AtomicIntegerArray done = new AtomicIntegerArray(round);
        team.run(
            round,
            (piece, member) -> {
              assertThat(member).isBetween(0, size - 1);
              done.incrementAndGet(piece);
            });
        for (int i = 0; i < round; i++) assertThat(done.get(i)).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aFailureReachesTheCallerAndTheTeamGoesOn(int size) {
    try (Team team = new Team(size)) {
      for (int round = 0; round < 50; round++) {
        assertThatThrownBy(() ->
                team.run(
                    64,
                    (piece, _) -> {
                      if (piece == 40) throw new IllegalStateException("piece 40");
                    }))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("piece 40");
        AtomicIntegerArray done = new AtomicIntegerArray(9);
        team.run(9, (piece, _) -> done.incrementAndGet(piece));
        for (int i = 0; i < 9; i++) assertThat(done.get(i)).isEqualTo(1);
      }
    }
  }
}
