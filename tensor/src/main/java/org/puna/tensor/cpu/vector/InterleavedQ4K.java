package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.puna.tensor.quant.BlockFormat;

/**
 * Interleaved rows of Q4_K: for 256 numbers 32 words of codes, factors of scales and of minima, and
 * eight scales and eight minima of six bits in bytes.
 */
final class InterleavedQ4K extends Interleaved {
  /** Lower nibbles are one part of 32 numbers, upper ones the next. */
  private static final Parts PARTS = new Parts(6, 2, 1);

  InterleavedQ4K(BlockFormat format) {
    super(
        format,
        IntStream.range(0, 32).map(j -> 16 + 4 * j).toArray(),
        new int[] {0, 2},
        16,
        i -> i / 64 * 64 + i % 64 / 8 * 4 + i % 8 / 2 + 32 * (i & 1),
        PARTS::of,
        -1);
  }

  @Override
  InterleavedProduct product(int rows) {
    return InterleavedProduct.ofNibbles(rows, PARTS);
  }

  @Override
  boolean ownMinima() {
    return true;
  }

  @Override
  byte scale(MemorySegment w, long block, int i) {
    return (byte) ((i < 8 ? SixBits.scales(w, block) : SixBits.mins(w, block)) >>> 8 * (i & 7));
  }

  @Override
  void readScales(MemorySegment w, long at, int k, float[] scales, float[] minima) {
    for (int b = 0; b < k / 256; b++) {
      long o = at + b * 20L * N;
      readHalves(w, o, scales, b * 8 * N);
      FloatVector d = FloatVector.fromArray(Lanes.F, scales, b * 8 * N);
      readHalves(w, o + 2L * N, minima, b * 8 * N);
      FloatVector dMin = FloatVector.fromArray(Lanes.F, minima, b * 8 * N);
      for (int i = 0; i < 8; i++) {
        ((FloatVector)
                ByteVector.fromMemorySegment(Lanes.B, w, o + (4L + i) * N, Lanes.LE)
                    .castShape(Lanes.F, 0))
            .mul(d)
            .intoArray(scales, (b * 8 + i) * N);
        ((FloatVector)
                ByteVector.fromMemorySegment(Lanes.B, w, o + (12L + i) * N, Lanes.LE)
                    .castShape(Lanes.F, 0))
            .mul(dMin)
            .intoArray(minima, (b * 8 + i) * N);
      }
    }
  }

  @Override
  Int8Product int8Product() {
    return Specialised.of(Int8Product.class, Int8ByNibbles.class, PARTS);
  }

  @Override
  void unpack(MemorySegment w, long at, int k, int[] codes, int to) {
    for (int i = 0; i < k / 8; i++) {
      IntVector q = IntVector.fromMemorySegment(Lanes.I, w, at + i * 4L * N, Lanes.LE);
      // Eight words have 16 pairs of the lower nibbles' part, then of the upper nibbles'.
      int o = to + ((i >> 3) * 32 + (i & 7) * 2) * N;
      q.and(Words.LOWER_HALVES).intoArray(codes, o);
      q.lanewise(LSHR, 8).and(Words.LOWER_HALVES).intoArray(codes, o + N);
      q.lanewise(LSHR, 4).and(Words.LOWER_HALVES).intoArray(codes, o + 16 * N);
      q.lanewise(LSHR, 12).and(Words.LOWER_HALVES).intoArray(codes, o + 17 * N);
    }
  }
}
