package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/** The products of activations in eight bits, with what {@link KernelChecks} checks by. */
final class Int8Checks {
  private final KernelChecks checks;

  Int8Checks(KernelChecks checks) {
    this.checks = checks;
  }

  /**
   * Products of rounded activations with copies and without: those of the rounded numbers, with
   * copies to the bit the same row by row and in tiles. Largest codes and activations together fill
   * 16 bits.
   */
  void all() {
    try (VectorKernels rounding = new VectorKernels(true)) {
      for (String name : List.of("Q4_0", "Q8_0", "Q4_K", "Q6_K")) {
        BlockFormat f = BlockFormats.byName(name).orElseThrow();
        Interleaved layout = Interleaved.of(f, true);
        if (layout == null) continue;
        int k = f.blockElements() == 32 ? 160 : 768;
        for (int n : new int[] {5, 16, 67, 131}) {
          try (Arena arena = Arena.ofShared()) {
            Tensor heap = checks.weights(f, n, k);
            extremes(heap);
            MemorySegment copy = arena.allocate(heap.data().byteSize(), 1).copyFrom(heap.data());
            Tensor mapped = new Tensor(f, heap.shape(), copy);
            try (Repacked _ = rounding.repack(List.of(mapped), 0)) {
              for (int rows : new int[] {1, 2, 3, 4, 6, 8, 13, 40}) {
                product(rounding, mapped, rows, layout.mostRounded());
              }
              specials(rounding, mapped);
            }
            for (int rows : new int[] {1, 6, 300}) product(rounding, mapped, rows, 0);
            specials(rounding, mapped);
          }
        }
      }
    }
  }

  /** Sets one row's codes to the largest and one's to the smallest, scales as they are. */
  private static void extremes(Tensor w) {
    BlockFormat f = w.format();
    int bytes = f.blockBytes();
    int from = f.blockElements() == 32 ? 2 : f.name().equals("Q4_K") ? 16 : 0;
    int to = f.name().equals("Q6_K") ? 192 : bytes;
    for (long b = 0; b < 2 * w.rowBytes() / bytes; b++) {
      boolean largest = b < w.rowBytes() / bytes;
      byte all = (byte) (f.name().equals("Q8_0") ? largest ? 127 : -128 : largest ? 0xff : 0);
      w.data().asSlice(b * bytes + from, to - from).fill(all);
    }
  }

  private void product(VectorKernels rounding, Tensor w, int rows, int most) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    float[] x = checks.normal(rows * k, KernelChecks.PAD);
    // A row of which every number is the largest of its block, and a block of zeros.
    for (int i = 0; i < k; i++) x[i] = (i & 1) == 0 ? 1.5f : -1.5f;
    for (int i = 32; i < 64; i++) x[i] = 1.5f;
    if (rows > 1) Arrays.fill(x, k + 64, k + 96, 0);
    float[] bias = rows % 3 == 0 ? checks.normal(n, 0) : null;
    float[] expected = new float[rows * n];
    float[] near = x.clone();
    for (int i = 0; i < rows * k; i += 32) roundBlock(near, i);
    checks.scalar.linear(checks.team, near, rows, w, bias, expected);
    float[] actual = new float[rows * n + KernelChecks.PAD];
    Arrays.fill(actual, KernelChecks.GUARD);
    rounding.linear(checks.team, x, rows, w, bias, actual);
    float[] decoded = w.toFloats();
    for (int t = 0; t < rows; t++) {
      double size = KernelChecks.norm(x, t * k, k);
      for (int j = 0; j < n; j++) {
        double limit =
            KernelChecks.DOT_TOLERANCE
                * Math.sqrt(k)
                * (size * KernelChecks.norm(decoded, j * k, k) + 1);
        assertThat((double) actual[t * n + j])
            .as("%s, %d rows, at %d,%d", w, rows, t, j)
            .isCloseTo(expected[t * n + j], within(limit));
      }
      if (rows > most) continue;
      float[] alone = new float[n];
      rounding.linear(checks.team, Arrays.copyOfRange(x, t * k, (t + 1) * k), 1, w, bias, alone);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(actual, t * n, (t + 1) * n));
    }
    for (int i = rows * n; i < actual.length; i++)
      assertThat(actual[i]).isEqualTo(KernelChecks.GUARD);
  }

  /** Infinite activations and those that are no numbers reach the result. */
  private void specials(VectorKernels rounding, Tensor w) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    for (float special : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MIN_VALUE}) {
      for (int rows : new int[] {1, 8}) {
        float[] x = new float[rows * k];
        Arrays.fill(x, special);
        float[] y = new float[rows * n];
        rounding.linear(checks.team, x, rows, w, null, y);
        boolean small = Float.isFinite(special);
        for (int i = 0; i < rows * n; i++) {
          assertThat(Float.isFinite(y[i])).as("%s of %s", special, w).isEqualTo(small);
        }
      }
    }
  }

  /** Rounds 32 numbers to eight bits with a factor, ties to even, as a reader of Q8_0 sees them. */
  private static void roundBlock(float[] x, int at) {
    float largest = 0;
    for (int i = at; i < at + 32; i++) largest = Math.max(largest, Math.abs(x[i]));
    float up = largest == 0 ? 0 : 127 / largest;
    for (int i = at; i < at + 32; i++)
      x[i] = (float) Math.rint((double) x[i] * up) * (largest / 127);
  }
}
