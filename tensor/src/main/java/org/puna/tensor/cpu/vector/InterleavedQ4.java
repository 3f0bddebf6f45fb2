package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import org.puna.tensor.quant.BlockFormat;

/** Interleaved rows of Q4_0: four words of codes around 8 and one factor for 32 numbers. */
final class InterleavedQ4 extends Interleaved {
  private static final Parts PARTS = new Parts(5, 1, 0);

  InterleavedQ4(BlockFormat format) {
    super(
        format,
        new int[] {2, 6, 10, 14},
        new int[] {0},
        0,
        i -> i / 8 * 4 + i % 8 / 2 + 16 * (i & 1),
        PARTS::of,
        -8);
  }

  @Override
  InterleavedProduct product(int rows) {
    return InterleavedProduct.ofNibbles(rows, PARTS);
  }

  @Override
  Int8Product int8Product() {
    return Specialised.of(Int8Product.class, Int8ByNibbles.class, PARTS);
  }

  @Override
  void unpack(MemorySegment w, long at, int k, int[] codes, int to) {
    for (int i = 0; i < k / 8; i++) {
      IntVector q = IntVector.fromMemorySegment(Lanes.I, w, at + i * 4L * N, Lanes.LE);
      int o = to + i * 4 * N;
      q.and(Words.LOWER_HALVES).intoArray(codes, o);
      q.lanewise(LSHR, 4).and(Words.LOWER_HALVES).intoArray(codes, o + N);
      q.lanewise(LSHR, 8).and(Words.LOWER_HALVES).intoArray(codes, o + 2 * N);
      q.lanewise(LSHR, 12).and(Words.LOWER_HALVES).intoArray(codes, o + 3 * N);
    }
  }
}
