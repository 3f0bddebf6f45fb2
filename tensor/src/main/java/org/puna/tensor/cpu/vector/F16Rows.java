package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.quant.BlockFormats;

/** Rows of half precision numbers. */
final class F16Rows implements StoredRows {
  private static final int BYTES = 2;
  private static final int N = Lanes.N;
  private static final int STEP = BYTES * N;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    int whole = n - n % N;
    for (int i = 0; i < whole; i += N) {
      Lanes.f16(w, offset + (long) BYTES * i).intoArray(dst, at + i);
    }
    BlockFormats.F16.decode(w, offset + (long) BYTES * whole, dst, at + whole, n - whole);
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    FloatVector even = FloatVector.zero(Lanes.F);
    FloatVector odd = even;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      long o = first + (long) BYTES * i;
      even = Lanes.f16(w, o).fma(FloatVector.fromArray(Lanes.F, x, i), even);
      odd = Lanes.f16(w, o + STEP).fma(FloatVector.fromArray(Lanes.F, x, i + N), odd);
    }
    even.add(odd).intoArray(sums, 0);
    if (i < n) sums[0] += rest(w, first + (long) BYTES * i, x, i, n, room);
  }
}
