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
 * One row of {@link Int8Activations} times two groups of interleaved rows whose words are four
 * bytes without sign, see {@link InterleavedQ8}. Two products fill 16 bits, so their sums are
 * widened word by word: words as they are and their upper halves are summed, and lower halves are
 * what the one sum has more than the other.
 */
final class Int8ByBytes implements Int8Product {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /** What takes off the starts of the eight sums of a part. */
  private static final int STARTS = -8 * InterleavedQ8.START;

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
    IntVector all0 = IntVector.broadcast(I, STARTS);
    IntVector all1 = all0;
    IntVector upper0 = IntVector.zero(I);
    IntVector upper1 = upper0;
    int zeros = at + k / 2;
    for (int i = 0; i < k / 4; i++) {
      long o = i * 4L * N;
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + o, LE);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + o, LE);
      ShortVector u = IntVector.broadcast(I, x[at + 2 * i]).reinterpretAsShorts();
      ShortVector v = IntVector.broadcast(I, x[at + 2 * i + 1]).reinterpretAsShorts();
      ShortVector zero = IntVector.broadcast(I, x[zeros + i]).reinterpretAsShorts();
      IntVector both;
      both =
          q0.and(Words.BYTE_HALVES)
              .reinterpretAsShorts()
              .mul(u)
              .add(q0.lanewise(LSHR, 8).and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v))
              .add(zero)
              .reinterpretAsInts();
      all0 = all0.add(both);
      upper0 = upper0.add(both.lanewise(ASHR, 16));
      both =
          q1.and(Words.BYTE_HALVES)
              .reinterpretAsShorts()
              .mul(u)
              .add(q1.lanewise(LSHR, 8).and(Words.BYTE_HALVES).reinterpretAsShorts().mul(v))
              .add(zero)
              .reinterpretAsInts();
      all1 = all1.add(both);
      upper1 = upper1.add(both.lanewise(ASHR, 16));
      if ((i & 7) == 7) {
        int p = i >> 3;
        FloatVector factor = FloatVector.broadcast(F, factors[factorsAt + p]);
        all0 = all0.sub(upper0.lanewise(LSHL, 16)).add(upper0);
        acc0 =
            ((FloatVector) all0.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, p * N), acc0);
        all1 = all1.sub(upper1.lanewise(LSHL, 16)).add(upper1);
        acc1 =
            ((FloatVector) all1.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, p * N), acc1);
        all0 = IntVector.broadcast(I, STARTS);
        all1 = all0;
        upper0 = IntVector.zero(I);
        upper1 = upper0;
      }
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
