package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.quant.BlockFormats;

/** Rows of bfloat16 numbers. */
final class BF16Rows implements StoredRows {
  private static final int BYTES = 2;
  private static final int N = Lanes.N;
  private static final int STEP = BYTES * N;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    int whole = n - n % N;
    for (int i = 0; i < whole; i += N) {
      Lanes.bf16(w, offset + (long) BYTES * i).intoArray(dst, at + i);
    }
    BlockFormats.BF16.decode(w, offset + (long) BYTES * whole, dst, at + whole, n - whole);
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long second,
      float[] x,
      float[] sums,
      int n,
      Scales a,
      Scales b,
      float[] y,
      int i,
      int j) {
    y[i] = dot(w, first, x, n, a);
    y[j] = dot(w, second, x, n, b);
  }

  private float dot(MemorySegment w, long offset, float[] x, int n, Scales rest) {
    FloatVector even = FloatVector.zero(Lanes.F);
    FloatVector odd = even;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      long o = offset + (long) BYTES * i;
      even = Lanes.bf16(w, o).fma(FloatVector.fromArray(Lanes.F, x, i), even);
      odd = Lanes.bf16(w, o + STEP).fma(FloatVector.fromArray(Lanes.F, x, i + N), odd);
    }
    float sum = LaneSum.of(even.add(odd));
    if (i == n) return sum;
    rest.reserve(n - i);
    decode(w, offset + (long) BYTES * i, rest.scales, 0, n - i, rest);
    return sum + FloatDots.dot(rest.scales, 0, x, i, n - i);
  }
}
