package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
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
  byte scale(MemorySegment w, long block, int i) {
    throw new IndexOutOfBoundsException(i);
  }

  @Override
  void readScales(MemorySegment w, long at, int k, float[] scales, float[] minima) {
    for (int b = 0; b < k / 32; b++)
      ((IntVector)
              ShortVector.fromMemorySegment(Lanes.S, w, at + b * 2L * N, Lanes.LE)
                  .castShape(Lanes.I, 0))
          .lanewise(LSHL, 13)
          .and(SIGN_AND_SIZE)
          .reinterpretAsFloats()
          .mul(REBASED)
          .intoArray(scales, b * N);
  }
}
