package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.puna.tensor.quant.BlockFormat;

/**
 * Interleaved rows of Q8_0: eight words of codes and one factor for 32 numbers. Codes are moved up
 * by 128, so that they have no sign. For rounded activations alone: rows as stored have no more
 * operations with floats.
 */
final class InterleavedQ8 extends Interleaved {
  /** What sums of lower halves start with: never negative, they borrow nothing from upper ones. */
  static final int START = 0x8000;

  private static final int MOST = Int8TileProduct.ROWS / 2;

  InterleavedQ8(BlockFormat format) {
    super(
        format,
        IntStream.range(0, 8).map(j -> 2 + 4 * j).toArray(),
        new int[] {0},
        0,
        // Two words are eight numbers; those four apart are in the halves of a lane.
        i -> i / 8 * 8 + (i & 2) * 2 + (i & 1) + (i & 4) / 2,
        _ -> 0,
        -0x80);
  }

  @Override
  InterleavedProduct product(int rows) {
    throw new UnsupportedOperationException("Q8_0 for activations as they are");
  }

  /** Products of eight bits fill 16. */
  @Override
  int pairsInSum() {
    return 2;
  }

  @Override
  int sumStart() {
    return START;
  }

  /** Codes without sign: a mask takes them out of their words, where signs need two shifts. */
  @Override
  int flipped() {
    return 0x80808080;
  }

  /** Fewer than fill a tile: products of eight bits fill its 16, and floats sum as many. */
  @Override
  int mostRounded() {
    return MOST;
  }

  @Override
  Int8Product int8Product() {
    return new Int8ByBytes();
  }

  @Override
  void unpack(MemorySegment w, long at, int k, int[] codes, int to) {
    throw new UnsupportedOperationException("Q8_0 in tiles");
  }
}
