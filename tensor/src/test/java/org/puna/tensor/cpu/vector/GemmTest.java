package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.tensor.cpu.Team;

/** Products against sums in double, at shapes that reach each way of sharing the work. */
class GemmTest {
  /** Rounding of a sum of k products of numbers below 1, in float32: 2⁻²⁴ · k is far above it. */
  private static final double EPS = 0x1p-24;

  private static float[] random(SplittableRandom r, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) r.nextDouble(-1, 1);
    return x;
  }

  /** Rows, panels with a part of one, ranges; one inner slab and several; fewer rows than six. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "5, 3, 7",
    "6, 64, 16",
    "13, 47, 70",
    "100, 33, 513",
    "121, 100, 1100",
    "7, 300, 520",
    "12, 65, 64",
    "30, 80, 2100",
    "130, 17, 2048"
  })
  void equalsTheSum(int m, int n, int k) {
    var r = new SplittableRandom(m * 31L + n * 7L + k);
    float[] a = random(r, m * k + 3);
    float[] b = random(r, k * n + 3);
    float[] before = random(r, m * n + 5);
    try (Team one = new Team(1);
        Team three = new Team(3)) {
      for (int orientation = 0; orientation < 4; orientation++) {
        Gemm.Matrix x =
            orientation % 2 == 0
                ? new Gemm.Matrix(a, 3, k, 1)
                : new Gemm.Matrix(a, 3, m, 1).transposed();
        Gemm.Matrix y =
            orientation / 2 == 0
                ? new Gemm.Matrix(b, 3, n, 1)
                : new Gemm.Matrix(b, 3, k, 1).transposed();
        for (boolean add : new boolean[] {false, true}) {
          float[] c = before.clone();
          float[] same = before.clone();
          new Gemm().run(three, m, n, k, x, y, add, c, 5, n);
          new Gemm().run(one, m, n, k, x, y, add, same, 5, n);
          assertThat(same).as("on one thread, orientation %s", orientation).isEqualTo(c);
          check(x, y, add, before, c, m, n, k);
        }
      }
    }
  }

  private static void check(
      Gemm.Matrix x, Gemm.Matrix y, boolean add, float[] before, float[] c, int m, int n, int k) {
    for (int i = 0; i < 5; i++) assertThat(c[i]).isEqualTo(before[i]);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = add ? before[5 + i * n + j] : 0;
        for (int p = 0; p < k; p++) {
          sum += (double) x.x()[at(x, i, p)] * y.x()[at(y, p, j)];
        }
        assertThat((double) c[5 + i * n + j]).isCloseTo(sum, within(EPS * (k + 8)));
      }
    }
  }

  private static int at(Gemm.Matrix x, int row, int col) {
    return x.at() + row * x.row() + col * x.col();
  }

  @Test
  void turnsRowsIntoColumns() {
    var r = new SplittableRandom(1);
    float[] square = new float[256];
    for (int rows : new int[] {1, 15, 16, 17, 40}) {
      for (int cols : new int[] {1, 16, 31, 48}) {
        float[] x = random(r, 2 + rows * (cols + 3));
        float[] y = new float[5 + cols * (rows + 1)];
        Turn.turn(x, 2, cols + 3, rows, cols, y, 5, rows + 1, square);
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < cols; j++) {
            assertThat(y[5 + j * (rows + 1) + i]).isEqualTo(x[2 + i * (cols + 3) + j]);
          }
        }
      }
    }
  }
}
