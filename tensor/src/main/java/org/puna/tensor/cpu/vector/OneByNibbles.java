package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of activations times two groups of interleaved rows whose words are eight nibbles: each
 * broadcast activation serves both. Defined once for each format, see {@link Specialised}.
 */
final class OneByNibbles implements InterleavedProduct {
  private static final Interleaved.Parts PARTS =
      Specialised.data(MethodHandles.lookup(), Interleaved.Parts.class);

  private static final int SHIFT = PARTS.shift();
  private static final int STRIDE = PARTS.stride() * Lanes.N;
  private static final int ODD = PARTS.odd() * Lanes.N;
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  @Override
  public int rows() {
    return 1;
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
    FloatVector acc0 = FloatVector.fromArray(F, sums, 0);
    FloatVector acc1 = FloatVector.fromArray(F, sums, N);
    // Offsets that grow by a step are checked before the loop, others in each round.
    for (int c = 0; c < k / 8; c++) {
      long o = c * 4L * N;
      int i = 8 * c;
      int s = (i >> SHIFT) * STRIDE;
      FloatVector v;
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + o, LE);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + o, LE);
      v = FloatVector.broadcast(F, x[at + i]);
      FloatVector even0 = v.mul(q0.and(Words.LOWER0).castShape(F, 0));
      FloatVector even1 = v.mul(q1.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 1]);
      FloatVector odd0 = v.mul(q0.and(Words.UPPER0).castShape(F, 0));
      FloatVector odd1 = v.mul(q1.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 2]);
      even0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 3]);
      odd0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), odd1);
      q0 = q0.lanewise(LSHR, 16);
      q1 = q1.lanewise(LSHR, 16);
      v = FloatVector.broadcast(F, x[at + i + 4]);
      even0 = v.fma(q0.and(Words.LOWER0).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER0).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 5]);
      odd0 = v.fma(q0.and(Words.UPPER0).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER0).castShape(F, 0), odd1);
      v = FloatVector.broadcast(F, x[at + i + 6]);
      even0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 7]);
      odd0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), odd1);
      acc0 = FloatVector.fromArray(F, scales0, s).fma(even0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s).fma(even1, acc1);
      acc0 = FloatVector.fromArray(F, scales0, s + ODD).fma(odd0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s + ODD).fma(odd1, acc1);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
