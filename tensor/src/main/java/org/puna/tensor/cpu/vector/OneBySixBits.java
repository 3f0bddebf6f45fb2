package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ROR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of activations times two groups of interleaved rows of Q6_K: two words of nibbles and one
 * with the upper two bits of both at a time.
 */
final class OneBySixBits implements InterleavedProduct {
  /** The upper two bits of a code, above its nibble. */
  private static final IntVector SIXTH0 = IntVector.broadcast(Lanes.I, 0x30);

  private static final IntVector SIXTH1 = IntVector.broadcast(Lanes.I, 0x300);
  private static final IntVector SIXTH2 = IntVector.broadcast(Lanes.I, 0x3000);
  private static final IntVector SIXTH3 = IntVector.broadcast(Lanes.I, 0x30000);

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
    for (int i = 0; i < k; i += 16) {
      long o = (long) i / 4 * 3 * N;
      int s = (i >> 6) * 4 * N;
      FloatVector v;
      IntVector h0 = IntVector.fromMemorySegment(I, w, first + o + 8L * N, LE);
      IntVector h1 = IntVector.fromMemorySegment(I, w, second + o + 8L * N, LE);
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + o, LE);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + o, LE);
      IntVector r0 = h0.lanewise(ROR, 28);
      IntVector r1 = h1.lanewise(ROR, 28);
      v = FloatVector.broadcast(F, x[at + i]);
      FloatVector even0 = v.mul(q0.and(Words.LOWER0).or(r0.and(SIXTH0)).castShape(F, 0));
      FloatVector even1 = v.mul(q1.and(Words.LOWER0).or(r1.and(SIXTH0)).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 1]);
      FloatVector odd0 = v.mul(q0.and(Words.UPPER0).or(r0.and(SIXTH1)).castShape(F, 0));
      FloatVector odd1 = v.mul(q1.and(Words.UPPER0).or(r1.and(SIXTH1)).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 2]);
      even0 = v.fma(q0.and(Words.LOWER1).or(r0.and(SIXTH2)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).or(r1.and(SIXTH2)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 3]);
      odd0 = v.fma(q0.and(Words.UPPER1).or(r0.and(SIXTH3)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).or(r1.and(SIXTH3)).castShape(F, 0), odd1);
      q0 = q0.lanewise(LSHR, 16);
      r0 = h0.lanewise(ROR, 12);
      q1 = q1.lanewise(LSHR, 16);
      r1 = h1.lanewise(ROR, 12);
      v = FloatVector.broadcast(F, x[at + i + 4]);
      even0 = v.fma(q0.and(Words.LOWER0).or(r0.and(SIXTH0)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER0).or(r1.and(SIXTH0)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 5]);
      odd0 = v.fma(q0.and(Words.UPPER0).or(r0.and(SIXTH1)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER0).or(r1.and(SIXTH1)).castShape(F, 0), odd1);
      v = FloatVector.broadcast(F, x[at + i + 6]);
      even0 = v.fma(q0.and(Words.LOWER1).or(r0.and(SIXTH2)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).or(r1.and(SIXTH2)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 7]);
      odd0 = v.fma(q0.and(Words.UPPER1).or(r0.and(SIXTH3)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).or(r1.and(SIXTH3)).castShape(F, 0), odd1);
      acc0 = FloatVector.fromArray(F, scales0, s).fma(even0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s).fma(even1, acc1);
      acc0 = FloatVector.fromArray(F, scales0, s + 1 * N).fma(odd0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s + 1 * N).fma(odd1, acc1);
      q0 = IntVector.fromMemorySegment(I, w, first + o + 4L * N, LE);
      q1 = IntVector.fromMemorySegment(I, w, second + o + 4L * N, LE);
      r0 = h0.lanewise(ROR, 30);
      r1 = h1.lanewise(ROR, 30);
      v = FloatVector.broadcast(F, x[at + i + 8]);
      even0 = v.mul(q0.and(Words.LOWER0).or(r0.and(SIXTH0)).castShape(F, 0));
      even1 = v.mul(q1.and(Words.LOWER0).or(r1.and(SIXTH0)).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 9]);
      odd0 = v.mul(q0.and(Words.UPPER0).or(r0.and(SIXTH1)).castShape(F, 0));
      odd1 = v.mul(q1.and(Words.UPPER0).or(r1.and(SIXTH1)).castShape(F, 0));
      v = FloatVector.broadcast(F, x[at + i + 10]);
      even0 = v.fma(q0.and(Words.LOWER1).or(r0.and(SIXTH2)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).or(r1.and(SIXTH2)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 11]);
      odd0 = v.fma(q0.and(Words.UPPER1).or(r0.and(SIXTH3)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).or(r1.and(SIXTH3)).castShape(F, 0), odd1);
      q0 = q0.lanewise(LSHR, 16);
      r0 = h0.lanewise(ROR, 14);
      q1 = q1.lanewise(LSHR, 16);
      r1 = h1.lanewise(ROR, 14);
      v = FloatVector.broadcast(F, x[at + i + 12]);
      even0 = v.fma(q0.and(Words.LOWER0).or(r0.and(SIXTH0)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER0).or(r1.and(SIXTH0)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 13]);
      odd0 = v.fma(q0.and(Words.UPPER0).or(r0.and(SIXTH1)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER0).or(r1.and(SIXTH1)).castShape(F, 0), odd1);
      v = FloatVector.broadcast(F, x[at + i + 14]);
      even0 = v.fma(q0.and(Words.LOWER1).or(r0.and(SIXTH2)).castShape(F, 0), even0);
      even1 = v.fma(q1.and(Words.LOWER1).or(r1.and(SIXTH2)).castShape(F, 0), even1);
      v = FloatVector.broadcast(F, x[at + i + 15]);
      odd0 = v.fma(q0.and(Words.UPPER1).or(r0.and(SIXTH3)).castShape(F, 0), odd0);
      odd1 = v.fma(q1.and(Words.UPPER1).or(r1.and(SIXTH3)).castShape(F, 0), odd1);
      acc0 = FloatVector.fromArray(F, scales0, s + 2 * N).fma(even0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s + 2 * N).fma(even1, acc1);
      acc0 = FloatVector.fromArray(F, scales0, s + 3 * N).fma(odd0, acc0);
      acc1 = FloatVector.fromArray(F, scales1, s + 3 * N).fma(odd1, acc1);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
