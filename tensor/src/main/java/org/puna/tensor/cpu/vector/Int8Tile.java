package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A tile of {@link Int8Activations}, four or eight rows, times two groups of interleaved rows whose
 * codes are unpacked, two columns in a lane. Defined once for each length of parts, see {@link
 * Specialised}.
 */
final class Int8Tile implements Int8TileProduct {
  private static final int ROWS = Int8TileProduct.ROWS;
  private static final int PAIRS = Specialised.data(MethodHandles.lookup(), Integer.class);
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;

  @Override
  public void multiply(
      int[] codes,
      int second,
      int[] x,
      int pairsAt,
      int zerosAt,
      float[] factors,
      int factorsAt,
      float[] scales0,
      float[] scales1,
      int part,
      int parts,
      float[] sums,
      int sumsAt) {
    for (int p = 0; p < parts; p++) {
      int u = zerosAt + p * ROWS;
      ShortVector a0 = IntVector.broadcast(I, x[u]).reinterpretAsShorts();
      ShortVector b0 = a0;
      ShortVector a1 = IntVector.broadcast(I, x[u + 1]).reinterpretAsShorts();
      ShortVector b1 = a1;
      ShortVector a2 = IntVector.broadcast(I, x[u + 2]).reinterpretAsShorts();
      ShortVector b2 = a2;
      ShortVector a3 = IntVector.broadcast(I, x[u + 3]).reinterpretAsShorts();
      ShortVector b3 = a3;
      ShortVector a4 = ROWS == 8 ? IntVector.broadcast(I, x[u + 4]).reinterpretAsShorts() : a0;
      ShortVector b4 = a4;
      ShortVector a5 = ROWS == 8 ? IntVector.broadcast(I, x[u + 5]).reinterpretAsShorts() : a0;
      ShortVector b5 = a5;
      ShortVector a6 = ROWS == 8 ? IntVector.broadcast(I, x[u + 6]).reinterpretAsShorts() : a0;
      ShortVector b6 = a6;
      ShortVector a7 = ROWS == 8 ? IntVector.broadcast(I, x[u + 7]).reinterpretAsShorts() : a0;
      ShortVector b7 = a7;
      for (int i = p * PAIRS, end = i + PAIRS; i < end; i++) {
        u = pairsAt + i * ROWS;
        ShortVector c0 = IntVector.fromArray(I, codes, i * N).reinterpretAsShorts();
        ShortVector c1 = IntVector.fromArray(I, codes, second + i * N).reinterpretAsShorts();
        ShortVector v;
        v = IntVector.broadcast(I, x[u]).reinterpretAsShorts();
        a0 = a0.add(c0.mul(v));
        b0 = b0.add(c1.mul(v));
        v = IntVector.broadcast(I, x[u + 1]).reinterpretAsShorts();
        a1 = a1.add(c0.mul(v));
        b1 = b1.add(c1.mul(v));
        v = IntVector.broadcast(I, x[u + 2]).reinterpretAsShorts();
        a2 = a2.add(c0.mul(v));
        b2 = b2.add(c1.mul(v));
        v = IntVector.broadcast(I, x[u + 3]).reinterpretAsShorts();
        a3 = a3.add(c0.mul(v));
        b3 = b3.add(c1.mul(v));
        if (ROWS == 8) {
          v = IntVector.broadcast(I, x[u + 4]).reinterpretAsShorts();
          a4 = a4.add(c0.mul(v));
          b4 = b4.add(c1.mul(v));
          v = IntVector.broadcast(I, x[u + 5]).reinterpretAsShorts();
          a5 = a5.add(c0.mul(v));
          b5 = b5.add(c1.mul(v));
          v = IntVector.broadcast(I, x[u + 6]).reinterpretAsShorts();
          a6 = a6.add(c0.mul(v));
          b6 = b6.add(c1.mul(v));
          v = IntVector.broadcast(I, x[u + 7]).reinterpretAsShorts();
          a7 = a7.add(c0.mul(v));
          b7 = b7.add(c1.mul(v));
        }
      }
      FloatVector scale0 = FloatVector.fromArray(F, scales0, (part + p) * N);
      FloatVector scale1 = FloatVector.fromArray(F, scales1, (part + p) * N);
      int f = factorsAt + p * ROWS;
      FloatVector factor;
      IntVector sum;
      factor = FloatVector.broadcast(F, factors[f]);
      sum = a0.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale0, FloatVector.fromArray(F, sums, sumsAt))
          .intoArray(sums, sumsAt);
      sum = b0.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + ROWS * N))
          .intoArray(sums, sumsAt + ROWS * N);
      factor = FloatVector.broadcast(F, factors[f + 1]);
      sum = a1.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + N))
          .intoArray(sums, sumsAt + N);
      sum = b1.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 1) * N))
          .intoArray(sums, sumsAt + (ROWS + 1) * N);
      factor = FloatVector.broadcast(F, factors[f + 2]);
      sum = a2.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 2 * N))
          .intoArray(sums, sumsAt + 2 * N);
      sum = b2.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 2) * N))
          .intoArray(sums, sumsAt + (ROWS + 2) * N);
      factor = FloatVector.broadcast(F, factors[f + 3]);
      sum = a3.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 3 * N))
          .intoArray(sums, sumsAt + 3 * N);
      sum = b3.reinterpretAsInts();
      sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
      ((FloatVector) sum.castShape(F, 0))
          .mul(factor)
          .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 3) * N))
          .intoArray(sums, sumsAt + (ROWS + 3) * N);
      if (ROWS == 8) {
        factor = FloatVector.broadcast(F, factors[f + 4]);
        sum = a4.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 4 * N))
            .intoArray(sums, sumsAt + 4 * N);
        sum = b4.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 4) * N))
            .intoArray(sums, sumsAt + (ROWS + 4) * N);
        factor = FloatVector.broadcast(F, factors[f + 5]);
        sum = a5.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 5 * N))
            .intoArray(sums, sumsAt + 5 * N);
        sum = b5.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 5) * N))
            .intoArray(sums, sumsAt + (ROWS + 5) * N);
        factor = FloatVector.broadcast(F, factors[f + 6]);
        sum = a6.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 6 * N))
            .intoArray(sums, sumsAt + 6 * N);
        sum = b6.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 6) * N))
            .intoArray(sums, sumsAt + (ROWS + 6) * N);
        factor = FloatVector.broadcast(F, factors[f + 7]);
        sum = a7.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale0, FloatVector.fromArray(F, sums, sumsAt + 7 * N))
            .intoArray(sums, sumsAt + 7 * N);
        sum = b7.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        ((FloatVector) sum.castShape(F, 0))
            .mul(factor)
            .fma(scale1, FloatVector.fromArray(F, sums, sumsAt + (ROWS + 7) * N))
            .intoArray(sums, sumsAt + (ROWS + 7) * N);
      }
    }
  }
}
