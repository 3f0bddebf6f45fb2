package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;

/** Rows of blocks of 256 numbers in eight parts with 6-bit scales and minima: Q4_K and Q5_K. */
interface SixBitRows extends StoredRows {
  /** Returns the bytes of a block. */
  int blockBytes();

  @Override
  default void readScales(MemorySegment w, long offset, int n, RowScratch to) {
    to.readSixBits(w, offset, blockBytes(), n / 256);
  }

  @Override
  default int prepared(int n) {
    return n + n / 16;
  }
}
