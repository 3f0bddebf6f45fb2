package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of {@link Int8Activations} times two groups of interleaved rows of Q6_K, four parts of 16
 * columns at a time, in lanes of 16 bits.
 */
final class Int8BySixBits implements Int8Product {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  @Override
  public void multiply(
      MemorySegment w,
      long first,
      long second,
      int[] x,
      int at,
      float[] factors,
      int factorsAt,
      float[] scales0,
      float[] scales1,
      int k,
      float[] sums) {
    FloatVector acc0 = FloatVector.fromArray(F, sums, 0);
    FloatVector acc1 = FloatVector.fromArray(F, sums, N);
    ShortVector t00 = ShortVector.zero(S);
    ShortVector t01 = t00;
    ShortVector t10 = t00;
    ShortVector t11 = t00;
    ShortVector t20 = t00;
    ShortVector t21 = t00;
    ShortVector t30 = t00;
    ShortVector t31 = t00;
    for (int i = 0; i < k / 16; i++) {
      long o = i * 12L * N;
      int u = at + (i >> 2) * 32 + (i & 3) * 2;
      IntVector p0 = IntVector.fromMemorySegment(I, w, first + o, LE);
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + o + 4L * N, LE);
      IntVector h0 = IntVector.fromMemorySegment(I, w, first + o + 8L * N, LE);
      IntVector p1 = IntVector.fromMemorySegment(I, w, second + o, LE);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + o + 4L * N, LE);
      IntVector h1 = IntVector.fromMemorySegment(I, w, second + o + 8L * N, LE);
      IntVector codes0 = p0.and(Words.NIBBLES).or(h0.lanewise(LSHL, 4).and(Words.PAIRS));
      IntVector codes1 = p1.and(Words.NIBBLES).or(h1.lanewise(LSHL, 4).and(Words.PAIRS));
      ShortVector v = IntVector.broadcast(I, x[u]).reinterpretAsShorts();
      t00 = t00.add(codes0.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      t01 = t01.add(codes1.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 1]).reinterpretAsShorts();
      codes0 = codes0.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      codes1 = codes1.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      t00 = t00.add(codes0.reinterpretAsShorts().mul(v));
      t01 = t01.add(codes1.reinterpretAsShorts().mul(v));
      codes0 = p0.lanewise(LSHR, 4).and(Words.NIBBLES).or(h0.and(Words.PAIRS));
      codes1 = p1.lanewise(LSHR, 4).and(Words.NIBBLES).or(h1.and(Words.PAIRS));
      v = IntVector.broadcast(I, x[u + 8]).reinterpretAsShorts();
      t10 = t10.add(codes0.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      t11 = t11.add(codes1.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 9]).reinterpretAsShorts();
      codes0 = codes0.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      codes1 = codes1.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      t10 = t10.add(codes0.reinterpretAsShorts().mul(v));
      t11 = t11.add(codes1.reinterpretAsShorts().mul(v));
      codes0 = q0.and(Words.NIBBLES).or(h0.lanewise(LSHL, 2).and(Words.PAIRS));
      codes1 = q1.and(Words.NIBBLES).or(h1.lanewise(LSHL, 2).and(Words.PAIRS));
      v = IntVector.broadcast(I, x[u + 16]).reinterpretAsShorts();
      t20 = t20.add(codes0.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      t21 = t21.add(codes1.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 17]).reinterpretAsShorts();
      codes0 = codes0.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      codes1 = codes1.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      t20 = t20.add(codes0.reinterpretAsShorts().mul(v));
      t21 = t21.add(codes1.reinterpretAsShorts().mul(v));
      codes0 = q0.lanewise(LSHR, 4).and(Words.NIBBLES).or(h0.lanewise(LSHR, 2).and(Words.PAIRS));
      codes1 = q1.lanewise(LSHR, 4).and(Words.NIBBLES).or(h1.lanewise(LSHR, 2).and(Words.PAIRS));
      v = IntVector.broadcast(I, x[u + 24]).reinterpretAsShorts();
      t30 = t30.add(codes0.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      t31 = t31.add(codes1.and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 25]).reinterpretAsShorts();
      codes0 = codes0.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      codes1 = codes1.lanewise(LSHR, 8).and(Words.BYTE_HALVES);
      t30 = t30.add(codes0.reinterpretAsShorts().mul(v));
      t31 = t31.add(codes1.reinterpretAsShorts().mul(v));
      if ((i & 3) == 3) {
        int start = at + k / 2 + (i & ~3);
        int f = factorsAt + (i & ~3);
        int s = (i & ~3) * N;
        IntVector sum;
        v = IntVector.broadcast(I, x[start]).reinterpretAsShorts();
        FloatVector factor = FloatVector.broadcast(F, factors[f]);
        sum = t00.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc0 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, s), acc0);
        sum = t01.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc1 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, s), acc1);
        v = IntVector.broadcast(I, x[start + 1]).reinterpretAsShorts();
        factor = FloatVector.broadcast(F, factors[f + 1]);
        sum = t10.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc0 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, s + N), acc0);
        sum = t11.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc1 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, s + N), acc1);
        v = IntVector.broadcast(I, x[start + 2]).reinterpretAsShorts();
        factor = FloatVector.broadcast(F, factors[f + 2]);
        sum = t20.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc0 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, s + 2 * N), acc0);
        sum = t21.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc1 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, s + 2 * N), acc1);
        v = IntVector.broadcast(I, x[start + 3]).reinterpretAsShorts();
        factor = FloatVector.broadcast(F, factors[f + 3]);
        sum = t30.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc0 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, s + 3 * N), acc0);
        sum = t31.add(v).reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc1 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, s + 3 * N), acc1);
        t00 = ShortVector.zero(S);
        t01 = t00;
        t10 = t00;
        t11 = t00;
        t20 = t00;
        t21 = t00;
        t30 = t00;
        t31 = t00;
      }
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
