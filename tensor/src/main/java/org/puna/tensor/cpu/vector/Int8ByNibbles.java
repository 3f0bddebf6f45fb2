package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of {@link Int8Activations} times two groups of interleaved rows whose words are eight
 * nibbles, in lanes of 16 bits. Defined once for each format, see {@link Specialised}.
 */
final class Int8ByNibbles implements Int8Product {
  private static final Interleaved.Parts PARTS =
      Specialised.data(MethodHandles.lookup(), Interleaved.Parts.class);

  /** Whether lower and upper nibbles are two parts, which then are eight words long, not four. */
  private static final boolean TWO = PARTS.odd() == 1;

  // Where the activations are of the second to fourth nibble of half a word, and of the next word.
  private static final int N1 = TWO ? 16 : 1;
  private static final int N2 = TWO ? 1 : 2;
  private static final int N3 = N1 + N2;
  private static final int NEXT = 2 * N2;

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
    ShortVector even0 = ShortVector.zero(S);
    ShortVector even1 = even0;
    ShortVector odd0 = even0;
    ShortVector odd1 = even0;
    for (int i = 0; i < k; i += 32) {
      long o = (long) i / 2 * N;
      int p = TWO ? i >> 6 << 1 : i >> 5;
      int u = at + (TWO ? (i >> 6) * 32 + (i >> 2 & 8) : i / 2);
      IntVector q0 = IntVector.fromMemorySegment(I, w, first + o, LE);
      IntVector q1 = IntVector.fromMemorySegment(I, w, second + o, LE);
      ShortVector v = IntVector.broadcast(I, x[u]).reinterpretAsShorts();
      even0 = even0.add(q0.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + N1]).reinterpretAsShorts();
      odd0 = odd0.add(q0.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      odd1 = odd1.add(q1.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + N2]).reinterpretAsShorts();
      even0 = even0.add(q0.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + N3]).reinterpretAsShorts();
      odd0 = odd0.add(q0.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      odd1 = odd1.add(q1.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      q0 = IntVector.fromMemorySegment(I, w, first + o + 4L * N, LE);
      q1 = IntVector.fromMemorySegment(I, w, second + o + 4L * N, LE);
      v = IntVector.broadcast(I, x[u + NEXT]).reinterpretAsShorts();
      even0 = even0.add(q0.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + NEXT + N1]).reinterpretAsShorts();
      odd0 = odd0.add(q0.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      odd1 = odd1.add(q1.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + NEXT + N2]).reinterpretAsShorts();
      even0 = even0.add(q0.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + NEXT + N3]).reinterpretAsShorts();
      odd0 = odd0.add(q0.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      odd1 = odd1.add(q1.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      q0 = IntVector.fromMemorySegment(I, w, first + o + 8L * N, LE);
      q1 = IntVector.fromMemorySegment(I, w, second + o + 8L * N, LE);
      v = IntVector.broadcast(I, x[u + 2 * NEXT]).reinterpretAsShorts();
      even0 = even0.add(q0.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 2 * NEXT + N1]).reinterpretAsShorts();
      odd0 = odd0.add(q0.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      odd1 = odd1.add(q1.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 2 * NEXT + N2]).reinterpretAsShorts();
      even0 = even0.add(q0.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 2 * NEXT + N3]).reinterpretAsShorts();
      odd0 = odd0.add(q0.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      odd1 = odd1.add(q1.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      q0 = IntVector.fromMemorySegment(I, w, first + o + 12L * N, LE);
      q1 = IntVector.fromMemorySegment(I, w, second + o + 12L * N, LE);
      v = IntVector.broadcast(I, x[u + 3 * NEXT]).reinterpretAsShorts();
      even0 = even0.add(q0.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 3 * NEXT + N1]).reinterpretAsShorts();
      odd0 = odd0.add(q0.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      odd1 = odd1.add(q1.lanewise(LSHR, 4).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 3 * NEXT + N2]).reinterpretAsShorts();
      even0 = even0.add(q0.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      even1 = even1.add(q1.lanewise(LSHR, 8).and(Words.LOWER_HALVES).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(I, x[u + 3 * NEXT + N3]).reinterpretAsShorts();
      odd0 = odd0.add(q0.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      odd1 = odd1.add(q1.reinterpretAsShorts().lanewise(LSHR, 12).mul(v));
      if (!TWO) {
        ShortVector start = IntVector.broadcast(I, x[at + k / 2 + p]).reinterpretAsShorts();
        even0 = even0.add(odd0).add(start);
        even1 = even1.add(odd1).add(start);
      }
      if (!TWO || (i & 32) != 0) {
        IntVector sum;
        FloatVector factor = FloatVector.broadcast(F, factors[factorsAt + p]);
        sum = even0.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc0 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales0, p * N), acc0);
        sum = even1.reinterpretAsInts();
        sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
        acc1 =
            ((FloatVector) sum.castShape(F, 0))
                .mul(factor)
                .fma(FloatVector.fromArray(F, scales1, p * N), acc1);
        if (TWO) {
          factor = FloatVector.broadcast(F, factors[factorsAt + p + 1]);
          sum = odd0.reinterpretAsInts();
          sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
          acc0 =
              ((FloatVector) sum.castShape(F, 0))
                  .mul(factor)
                  .fma(FloatVector.fromArray(F, scales0, p * N + N), acc0);
          sum = odd1.reinterpretAsInts();
          sum = sum.lanewise(LSHL, 16).lanewise(ASHR, 16).add(sum.lanewise(ASHR, 16));
          acc1 =
              ((FloatVector) sum.castShape(F, 0))
                  .mul(factor)
                  .fma(FloatVector.fromArray(F, scales1, p * N + N), acc1);
        }
        even0 = ShortVector.zero(S);
        even1 = even0;
        odd0 = even0;
        odd1 = even0;
      }
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }
}
