package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Rows of Q8_0: 34 bytes hold a half-precision scale and 32 signed bytes. */
final class Q8Rows implements StoredRows {
  private static final int BLOCK = 34;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /** The code at the top of a word. */
  private static final IntVector TOP = IntVector.broadcast(I, 0xff000000);

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    for (int b = 0; b < n / 32; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = FloatVector.broadcast(F, Lanes.tableHalf(w, o));
      for (int u = 0; u < 32; u += N) {
        FloatVector q =
            N < 8
                ? Lanes.signedBytes(w, o + 2 + u)
                : (FloatVector)
                    ByteVector.fromMemorySegment(Lanes.B, w, o + 2 + u, LE).castShape(F, 0);
        q.mul(d).intoArray(dst, at + b * 32 + u);
      }
    }
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
    if (N == 16) wide(w, first, apart, x, n, sums);
    else narrow(w, first, apart, prepared, n, sums);
  }

  /** Bytes widened as they are loaded. */
  private static void wide(
      MemorySegment w, long first, long apart, float[] x, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    FloatVector acc2 = acc0;
    FloatVector acc3 = acc0;
    long second = first + apart;
    long third = second + apart;
    long fourth = third + apart;
    for (int k = 0; k < n / 32; k++) {
      long o = (long) k * BLOCK;
      FloatVector sum0 = FloatVector.zero(Lanes.F);
      FloatVector sum1 = sum0;
      FloatVector sum2 = sum0;
      FloatVector sum3 = sum0;
      for (int u = 0; u < 32; u += Lanes.N) {
        FloatVector v = FloatVector.fromArray(F, x, k * 32 + u);
        sum0 = Lanes.signedBytes(w, first + o + 2 + u).fma(v, sum0);
        sum1 = Lanes.signedBytes(w, second + o + 2 + u).fma(v, sum1);
        sum2 = Lanes.signedBytes(w, third + o + 2 + u).fma(v, sum2);
        sum3 = Lanes.signedBytes(w, fourth + o + 2 + u).fma(v, sum3);
      }
      acc0 = sum0.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, first + o)), acc0);
      acc1 = sum1.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, second + o)), acc1);
      acc2 = sum2.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, third + o)), acc2);
      acc3 = sum3.fma(FloatVector.broadcast(Lanes.F, Lanes.tableHalf(w, fourth + o)), acc3);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, Lanes.N);
    acc2.intoArray(sums, 2 * Lanes.N);
    acc3.intoArray(sums, 3 * Lanes.N);
  }

  /**
   * Words of four codes at a time, each code moved to the top of its word: a load for the whole
   * block in vectors of eight lanes.
   */
  private static void narrow(
      MemorySegment w, long first, long apart, float[] prepared, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    FloatVector acc2 = acc0;
    FloatVector acc3 = acc0;
    long second = first + apart;
    long third = second + apart;
    long fourth = third + apart;
    for (int i = 0; i < n; i += 4 * N) {
      long o = (long) (i >> 5) * BLOCK;
      long at = o + 2 + (i & 31);
      // Scales first: behind the products they would be calls, past the compiler's limit of nodes.
      float d0 = Lanes.tableHalf(w, first + o);
      float d1 = Lanes.tableHalf(w, second + o);
      float d2 = Lanes.tableHalf(w, third + o);
      float d3 = Lanes.tableHalf(w, fourth + o);
      FloatVector v0 = FloatVector.fromArray(F, prepared, i);
      FloatVector v1 = FloatVector.fromArray(F, prepared, i + N);
      FloatVector v2 = FloatVector.fromArray(F, prepared, i + 2 * N);
      FloatVector v3 = FloatVector.fromArray(F, prepared, i + 3 * N);
      IntVector q;
      FloatVector sum;
      q = IntVector.fromMemorySegment(I, w, first + at, LE);
      sum = v0.mul(q.lanewise(LSHL, 24).castShape(F, 0));
      sum = v1.fma(q.lanewise(LSHL, 16).and(TOP).castShape(F, 0), sum);
      sum = v2.fma(q.lanewise(LSHL, 8).and(TOP).castShape(F, 0), sum);
      sum = v3.fma(q.and(TOP).castShape(F, 0), sum);
      acc0 = sum.fma(FloatVector.broadcast(F, d0), acc0);
      q = IntVector.fromMemorySegment(I, w, second + at, LE);
      sum = v0.mul(q.lanewise(LSHL, 24).castShape(F, 0));
      sum = v1.fma(q.lanewise(LSHL, 16).and(TOP).castShape(F, 0), sum);
      sum = v2.fma(q.lanewise(LSHL, 8).and(TOP).castShape(F, 0), sum);
      sum = v3.fma(q.and(TOP).castShape(F, 0), sum);
      acc1 = sum.fma(FloatVector.broadcast(F, d1), acc1);
      q = IntVector.fromMemorySegment(I, w, third + at, LE);
      sum = v0.mul(q.lanewise(LSHL, 24).castShape(F, 0));
      sum = v1.fma(q.lanewise(LSHL, 16).and(TOP).castShape(F, 0), sum);
      sum = v2.fma(q.lanewise(LSHL, 8).and(TOP).castShape(F, 0), sum);
      sum = v3.fma(q.and(TOP).castShape(F, 0), sum);
      acc2 = sum.fma(FloatVector.broadcast(F, d2), acc2);
      q = IntVector.fromMemorySegment(I, w, fourth + at, LE);
      sum = v0.mul(q.lanewise(LSHL, 24).castShape(F, 0));
      sum = v1.fma(q.lanewise(LSHL, 16).and(TOP).castShape(F, 0), sum);
      sum = v2.fma(q.lanewise(LSHL, 8).and(TOP).castShape(F, 0), sum);
      sum = v3.fma(q.and(TOP).castShape(F, 0), sum);
      acc3 = sum.fma(FloatVector.broadcast(F, d3), acc3);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
    acc2.intoArray(sums, 2 * N);
    acc3.intoArray(sums, 3 * N);
  }

  @Override
  public int prepared(int n) {
    return N == 16 ? 0 : n;
  }

  /**
   * Orders activations as words have their codes, and takes off what their place makes too much.
   */
  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    if (N == 16) return;
    for (int v = 0; v < n; v += 4 * N) {
      for (int i = 0; i < 4 * N; i++) prepared[v + i % 4 * N + i / 4] = 0x1p-24f * x[v + i];
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    long o = row + (long) (i >> 5) * BLOCK;
    float scale = Lanes.HALVES[w.get(Lanes.SHORT, o) & 0xffff];
    if (Lanes.N < 8) return Lanes.signedBytes(w, o + 2 + (i & 31)).mul(scale);
    ByteVector codes = ByteVector.fromMemorySegment(Lanes.B, w, o + 2 + (i & 31), Lanes.LE);
    return ((FloatVector) codes.castShape(Lanes.F, 0)).mul(scale);
  }
}
