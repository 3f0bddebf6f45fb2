package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rows of Q4_0: 18 bytes hold a half-precision scale and 32 nibbles around 8. */
final class Q4Rows implements StoredRows {
  private static final int BLOCK = 18;

  private static final IntVector LOWER = IntVector.broadcast(Lanes.I, 0xf);

  /** The bits of a lower and of an upper nibble, and what they count where they lie. */
  private static final int[] MASKS = {0xf, 0xf0};

  private static final float[] FACTORS = {1, 1 / 16f};

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    for (int b = 0; b < n / 32; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.tableHalf(w, o));
      for (int u = 0; u < 16; u += Lanes.N) {
        int to = at + b * 32 + u;
        IntVector q = Lanes.bytes(w, o + 2 + u);
        IntVector high = q.lanewise(VectorOperators.LSHR, 4);
        Lanes.floats(q.and(15).sub(8)).mul(d).intoArray(dst, to);
        Lanes.floats(high.sub(8)).mul(d).intoArray(dst, to + 16);
      }
    }
  }

  @Override
  public int rows() {
    return 3;
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      Scales room,
      float[] sums) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    FloatVector acc2 = acc0;
    long second = first + apart;
    long third = second + apart;
    for (int k = 0; k < n / 32; k++) {
      long o = (long) k * BLOCK;
      FloatVector sum0 = at(prepared, n + k * Lanes.N);
      FloatVector sum1 = sum0;
      FloatVector sum2 = sum0;
      for (int u = 0; u < 16; u += Lanes.N) {
        FloatVector low = at(prepared, k * 32 + u);
        FloatVector both = at(prepared, k * 32 + 16 + u);
        IntVector q0 = Lanes.bytes(w, first + o + 2 + u);
        sum0 = Lanes.floats(q0.and(LOWER)).fma(low, sum0);
        sum0 = Lanes.floats(q0).fma(both, sum0);
        IntVector q1 = Lanes.bytes(w, second + o + 2 + u);
        sum1 = Lanes.floats(q1.and(LOWER)).fma(low, sum1);
        sum1 = Lanes.floats(q1).fma(both, sum1);
        IntVector q2 = Lanes.bytes(w, third + o + 2 + u);
        sum2 = Lanes.floats(q2.and(LOWER)).fma(low, sum2);
        sum2 = Lanes.floats(q2).fma(both, sum2);
      }
      acc0 = sum0.fma(all(Lanes.tableHalf(w, first + o)), acc0);
      acc1 = sum1.fma(all(Lanes.tableHalf(w, second + o)), acc1);
      acc2 = sum2.fma(all(Lanes.tableHalf(w, third + o)), acc2);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, Lanes.N);
    acc2.intoArray(sums, 2 * Lanes.N);
  }

  @Override
  public int prepared(int n) {
    return n + n / 32 * Lanes.N;
  }

  /**
   * A byte is its low nibble l and sixteen times its high nibble h, so that l x + h y is l (x - y /
   * 16) and the whole byte times y / 16: nothing is shifted. Writes these two factors in the place
   * of x and y, and after them, lane by lane, minus eight times the sums of each block: codes have
   * their zero at eight.
   */
  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    for (int b = 0; b < n / 32; b++) {
      FloatVector sum = FloatVector.zero(Lanes.F);
      for (int u = 0; u < 16; u += Lanes.N) {
        int i = b * 32 + u;
        FloatVector low = at(x, i);
        FloatVector high = at(x, i + 16);
        FloatVector both = high.mul(1 / 16f);
        low.sub(both).intoArray(prepared, i);
        both.intoArray(prepared, i + 16);
        sum = sum.add(low.add(high));
      }
      sum.mul(-8).intoArray(prepared, n + b * Lanes.N);
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, Scales to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, Scales of) {
    long o = row + (long) (i >> 5) * BLOCK;
    float scale = Lanes.tableHalf(w, o);
    IntVector q = Lanes.anyBytes(w, o + 2 + (i & 15));
    return Lanes.floats(q.and(MASKS[i >> 4 & 1]))
        .fma(all(scale * FACTORS[i >> 4 & 1]), all(-8 * scale));
  }
}
