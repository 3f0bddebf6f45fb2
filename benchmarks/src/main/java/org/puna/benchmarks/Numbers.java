package org.puna.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;

/** Random numbers, the same at each run. */
final class Numbers {
  private static final int POOL_ROWS = 64;
  private static final long ALIGNMENT = 64;

  private final Random random = new Random(5);

  /** Returns normally distributed numbers. */
  float[] normal(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) random.nextGaussian();
    return x;
  }

  /** Returns a matrix whose rows repeat from a pool, which no kernel can tell from other ones. */
  Tensor matrix(Arena arena, BlockFormat format, int n, int k) {
    long rowBytes = format.bytes(k);
    MemorySegment data = arena.allocate(n * rowBytes, ALIGNMENT);
    int pool = Math.min(POOL_ROWS, n);
    for (int r = 0; r < pool; r++) format.encode(normal(k), 0, k, data, r * rowBytes);
    for (int r = pool; r < n; r++) {
      MemorySegment.copy(data, random.nextInt(pool) * rowBytes, data, r * rowBytes, rowBytes);
    }
    return new Tensor(format, new long[] {n, k}, data);
  }

  /** Reads sizes such as {@code 8192x2048}. */
  static int[] sizes(String shape) {
    String[] parts = shape.split("x", -1);
    int[] sizes = new int[parts.length];
    for (int i = 0; i < parts.length; i++) sizes[i] = Integer.parseInt(parts[i]);
    return sizes;
  }
}
