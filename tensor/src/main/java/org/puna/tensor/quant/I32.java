package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** Signed integers of 32 bits, read as they are; weights are never encoded to them. */
final class I32 extends Blocks {
  I32() {
    super("I32", 26, 1, 4);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = LittleEndian.i32(src, offset);
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    throw new UnsupportedOperationException("I32: cannot be encoded");
  }

  @Override
  public boolean canEncode() {
    return false;
  }
}
