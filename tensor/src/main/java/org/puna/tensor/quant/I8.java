package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** Signed integers of 8 bits, read as they are; weights are never encoded to them. */
final class I8 extends Blocks {
  I8() {
    super("I8", 24, 1, 1);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = LittleEndian.i8(src, offset);
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    throw new UnsupportedOperationException("I8: cannot be encoded");
  }

  @Override
  public boolean canEncode() {
    return false;
  }
}
