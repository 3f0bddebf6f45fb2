package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of {@link Int8Activations} times two groups of interleaved rows whose words are four
 * signed bytes. Two products fill 16 bits, so their sums are widened word by word.
 */
final class Int8ByBytes implements Int8Product {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final VectorSpecies<Integer> I = Lanes.I;
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
    IntVector sum0 = IntVector.zero(I);
    IntVector sum1 = sum0;
    for (int i = 0; i < k / 4; i++) {
      long o = i * 4L * N;
      ShortVector q0 = IntVector.fromMemorySegment(I, w, first + o, LE).reinterpretAsShorts();
      ShortVector q1 = IntVector.fromMemorySegment(I, w, second + o, LE).reinterpretAsShorts();
      ShortVector u = IntVector.broadcast(I, x[at + 2 * i]).reinterpretAsShorts();
      ShortVector v = IntVector.broadcast(I, x[at + 2 * i + 1]).reinterpretAsShorts();
      IntVector both;
      both =
          q0.lanewise(LSHL, 8)
              .lanewise(ASHR, 8)
              .mul(u)
              .add(q0.lanewise(ASHR, 8).mul(v))
              .reinterpretAsInts();
      sum0 = sum0.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(both.lanewise(ASHR, 16));
      both =
          q1.lanewise(LSHL, 8)
              .lanewise(ASHR, 8)
              .mul(u)
              .add(q1.lanewise(ASHR, 8).mul(v))
              .reinterpretAsInts();
      sum1 = sum1.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(both.lanewise(ASHR, 16));
      if ((i & 7) == 7) {
        int p = i >> 3;
        FloatVector factor = FloatVector.broadcast(F, factors[factorsAt + p]);
        acc0 =
            ((FloatVector) sum0.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, p * N), acc0);
        acc1 =
            ((FloatVector) sum1.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, p * N), acc1);
        sum0 = IntVector.zero(I);
        sum1 = sum0;
      }
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
