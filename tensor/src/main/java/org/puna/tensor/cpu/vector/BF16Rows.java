package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import org.puna.tensor.quant.BlockFormats;

/** Rows of bfloat16 numbers. */
final class BF16Rows implements StoredRows {
  private static final int BYTES = 2;
  private static final int N = Lanes.N;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    int whole = n - n % N;
    for (int i = 0; i < whole; i += N) {
      IntVector bits =
          (IntVector)
              ShortVector.fromMemorySegment(Lanes.S, w, offset + (long) BYTES * i, Lanes.LE)
                  .castShape(Lanes.I, 0);
      bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(dst, at + i);
    }
    BlockFormats.BF16.decode(w, offset + (long) BYTES * whole, dst, at + whole, n - whole);
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
    FloatVector sum0 = FloatVector.zero(Lanes.F);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    long second = first + apart;
    long third = second + apart;
    long fourth = third + apart;
    int i = 0;
    for (; i <= n - N; i += N) {
      long o = (long) BYTES * i;
      FloatVector v = FloatVector.fromArray(Lanes.F, x, i);
      sum0 = Lanes.bf16(w, first + o).fma(v, sum0);
      sum1 = Lanes.bf16(w, second + o).fma(v, sum1);
      sum2 = Lanes.bf16(w, third + o).fma(v, sum2);
      sum3 = Lanes.bf16(w, fourth + o).fma(v, sum3);
    }
    sum0.intoArray(sums, 0);
    sum1.intoArray(sums, N);
    sum2.intoArray(sums, 2 * N);
    sum3.intoArray(sums, 3 * N);
    for (int r = 0; i < n && r < rows(); r++) {
      sums[r * N] += rest(w, first + r * apart + (long) BYTES * i, x, i, n, room);
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    return Lanes.bf16(w, row + (long) BYTES * i);
  }
}
