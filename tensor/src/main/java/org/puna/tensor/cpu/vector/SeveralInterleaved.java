package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ROR;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Four or eight rows of activations times two groups of interleaved rows, whose words are eight
 * nibbles or, with six bits, come by two with a third of the upper bits. Two columns at a time:
 * each decoded vector is used for every row, and with more columns the compiler runs out of
 * registers. Defined once for each number of rows and format, see {@link Specialised}.
 */
final class SeveralInterleaved implements InterleavedProduct {
  private static final Rows OF = Specialised.data(MethodHandles.lookup(), Rows.class);
  private static final int ROWS = OF.rows();
  private static final boolean SIX = OF.sixBits();
  private static final int SHIFT = OF.parts().shift();
  private static final int STRIDE = OF.parts().stride() * Lanes.N;
  private static final int ODD = OF.parts().odd() * Lanes.N;

  /** The upper two bits of a code, above its nibble. */
  private static final IntVector SIXTH0 = IntVector.broadcast(Lanes.I, 0x30);

  private static final IntVector SIXTH1 = IntVector.broadcast(Lanes.I, 0x300);
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public void multiply(
      MemorySegment w,
      long first,
      long second,
      float[] x,
      int at,
      float[] scales0,
      float[] scales1,
      int k,
      float[] sums) {
    FloatVector a0 = FloatVector.fromArray(F, sums, 0);
    FloatVector a1 = FloatVector.fromArray(F, sums, N);
    FloatVector a2 = FloatVector.fromArray(F, sums, 2 * N);
    FloatVector a3 = FloatVector.fromArray(F, sums, 3 * N);
    FloatVector a4 = ROWS == 8 ? FloatVector.fromArray(F, sums, 4 * N) : a0;
    FloatVector a5 = ROWS == 8 ? FloatVector.fromArray(F, sums, 5 * N) : a0;
    FloatVector a6 = ROWS == 8 ? FloatVector.fromArray(F, sums, 6 * N) : a0;
    FloatVector a7 = ROWS == 8 ? FloatVector.fromArray(F, sums, 7 * N) : a0;
    FloatVector b0 = FloatVector.fromArray(F, sums, ROWS * N);
    FloatVector b1 = FloatVector.fromArray(F, sums, (ROWS + 1) * N);
    FloatVector b2 = FloatVector.fromArray(F, sums, (ROWS + 2) * N);
    FloatVector b3 = FloatVector.fromArray(F, sums, (ROWS + 3) * N);
    FloatVector b4 = ROWS == 8 ? FloatVector.fromArray(F, sums, (ROWS + 4) * N) : b0;
    FloatVector b5 = ROWS == 8 ? FloatVector.fromArray(F, sums, (ROWS + 5) * N) : b0;
    FloatVector b6 = ROWS == 8 ? FloatVector.fromArray(F, sums, (ROWS + 6) * N) : b0;
    FloatVector b7 = ROWS == 8 ? FloatVector.fromArray(F, sums, (ROWS + 7) * N) : b0;
    for (int i = 0; i < k; i += 2) {
      int down = (i & 6) << 2;
      int s = (i >> SHIFT) * STRIDE + (SIX ? (i >> 2 & 2) * N : 0);
      int u = at + i * ROWS;
      long unit = (long) (i >> 4) * 12 * N;
      long word = SIX ? unit + (i >> 1 & 4L) * N : (long) (i >> 3) * 4 * N;
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + word, LE).lanewise(LSHR, down);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + word, LE).lanewise(LSHR, down);
      int turn = down - 4 + (i >> 2 & 2);
      long upper = unit + 8L * N;
      IntVector h0 = q0;
      IntVector h1 = q1;
      if (SIX) {
        h0 = IntVector.fromMemorySegment(I, w, first + upper, LE).lanewise(ROR, turn);
        h1 = IntVector.fromMemorySegment(I, w, second + upper, LE).lanewise(ROR, turn);
      }
      IntVector c0 = q0.and(Words.LOWER0);
      IntVector c1 = q1.and(Words.LOWER0);
      if (SIX) {
        c0 = c0.or(h0.and(SIXTH0));
        c1 = c1.or(h1.and(SIXTH0));
      }
      FloatVector v;
      FloatVector a = FloatVector.fromArray(F, scales0, s).mul(c0.castShape(F, 0));
      FloatVector b = FloatVector.fromArray(F, scales1, s).mul(c1.castShape(F, 0));
      v = FloatVector.broadcast(F, x[u]);
      a0 = v.fma(a, a0);
      b0 = v.fma(b, b0);
      v = FloatVector.broadcast(F, x[u + 1]);
      a1 = v.fma(a, a1);
      b1 = v.fma(b, b1);
      v = FloatVector.broadcast(F, x[u + 2]);
      a2 = v.fma(a, a2);
      b2 = v.fma(b, b2);
      v = FloatVector.broadcast(F, x[u + 3]);
      a3 = v.fma(a, a3);
      b3 = v.fma(b, b3);
      if (ROWS == 8) {
        v = FloatVector.broadcast(F, x[u + 4]);
        a4 = v.fma(a, a4);
        b4 = v.fma(b, b4);
        v = FloatVector.broadcast(F, x[u + 5]);
        a5 = v.fma(a, a5);
        b5 = v.fma(b, b5);
        v = FloatVector.broadcast(F, x[u + 6]);
        a6 = v.fma(a, a6);
        b6 = v.fma(b, b6);
        v = FloatVector.broadcast(F, x[u + 7]);
        a7 = v.fma(a, a7);
        b7 = v.fma(b, b7);
      }
      c0 = q0.and(Words.UPPER0);
      c1 = q1.and(Words.UPPER0);
      if (SIX) {
        c0 = c0.or(h0.and(SIXTH1));
        c1 = c1.or(h1.and(SIXTH1));
      }
      a = FloatVector.fromArray(F, scales0, s + ODD).mul(c0.castShape(F, 0));
      b = FloatVector.fromArray(F, scales1, s + ODD).mul(c1.castShape(F, 0));
      v = FloatVector.broadcast(F, x[u + ROWS]);
      a0 = v.fma(a, a0);
      b0 = v.fma(b, b0);
      v = FloatVector.broadcast(F, x[u + ROWS + 1]);
      a1 = v.fma(a, a1);
      b1 = v.fma(b, b1);
      v = FloatVector.broadcast(F, x[u + ROWS + 2]);
      a2 = v.fma(a, a2);
      b2 = v.fma(b, b2);
      v = FloatVector.broadcast(F, x[u + ROWS + 3]);
      a3 = v.fma(a, a3);
      b3 = v.fma(b, b3);
      if (ROWS == 8) {
        v = FloatVector.broadcast(F, x[u + ROWS + 4]);
        a4 = v.fma(a, a4);
        b4 = v.fma(b, b4);
        v = FloatVector.broadcast(F, x[u + ROWS + 5]);
        a5 = v.fma(a, a5);
        b5 = v.fma(b, b5);
        v = FloatVector.broadcast(F, x[u + ROWS + 6]);
        a6 = v.fma(a, a6);
        b6 = v.fma(b, b6);
        v = FloatVector.broadcast(F, x[u + ROWS + 7]);
        a7 = v.fma(a, a7);
        b7 = v.fma(b, b7);
      }
    }
    a0.intoArray(sums, 0);
    a1.intoArray(sums, N);
    a2.intoArray(sums, 2 * N);
    a3.intoArray(sums, 3 * N);
    b0.intoArray(sums, ROWS * N);
    b1.intoArray(sums, (ROWS + 1) * N);
    b2.intoArray(sums, (ROWS + 2) * N);
    b3.intoArray(sums, (ROWS + 3) * N);
    if (ROWS == 8) {
      a4.intoArray(sums, 4 * N);
      a5.intoArray(sums, 5 * N);
      a6.intoArray(sums, 6 * N);
      a7.intoArray(sums, 7 * N);
      b4.intoArray(sums, (ROWS + 4) * N);
      b5.intoArray(sums, (ROWS + 5) * N);
      b6.intoArray(sums, (ROWS + 6) * N);
      b7.intoArray(sums, (ROWS + 7) * N);
    }
  }
}
