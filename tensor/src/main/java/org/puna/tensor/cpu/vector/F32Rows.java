package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.quant.BlockFormats;

/** Rows of single precision numbers. */
final class F32Rows implements StoredRows {
  private static final int BYTES = 4;
  private static final int N = Lanes.N;
  private static final int STEP = BYTES * N;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    int whole = n - n % N;
    for (int i = 0; i < whole; i += N) {
      Lanes.f32(w, offset + (long) BYTES * i).intoArray(dst, at + i);
    }
    BlockFormats.F32.decode(w, offset + (long) BYTES * whole, dst, at + whole, n - whole);
  }

  @Override
  public int rows() {
    return 4;
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
    FloatVector even0 = FloatVector.zero(Lanes.F);
    FloatVector even1 = even0;
    FloatVector even2 = even0;
    FloatVector even3 = even0;
    FloatVector odd0 = even0;
    FloatVector odd1 = even0;
    FloatVector odd2 = even0;
    FloatVector odd3 = even0;
    long second = first + apart;
    long third = second + apart;
    long fourth = third + apart;
    int i = 0;
    for (; i <= n - 2 * N; i += 2 * N) {
      long o = (long) BYTES * i;
      FloatVector even = FloatVector.fromArray(Lanes.F, x, i);
      even0 = Lanes.f32(w, first + o).fma(even, even0);
      even1 = Lanes.f32(w, second + o).fma(even, even1);
      even2 = Lanes.f32(w, third + o).fma(even, even2);
      even3 = Lanes.f32(w, fourth + o).fma(even, even3);
      FloatVector odd = FloatVector.fromArray(Lanes.F, x, i + N);
      odd0 = Lanes.f32(w, first + o + STEP).fma(odd, odd0);
      odd1 = Lanes.f32(w, second + o + STEP).fma(odd, odd1);
      odd2 = Lanes.f32(w, third + o + STEP).fma(odd, odd2);
      odd3 = Lanes.f32(w, fourth + o + STEP).fma(odd, odd3);
    }
    even0.add(odd0).intoArray(sums, 0);
    even1.add(odd1).intoArray(sums, N);
    even2.add(odd2).intoArray(sums, 2 * N);
    even3.add(odd3).intoArray(sums, 3 * N);
    for (int r = 0; i < n && r < rows(); r++) {
      sums[r * N] += rest(w, first + r * apart + (long) BYTES * i, x, i, n, room);
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    return Lanes.f32(w, row + (long) BYTES * i);
  }
}
