package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** Signed integers of 64 bits, read as they are; weights are never encoded to them. */
final class I64 extends Blocks {
  I64() {
    super("I64", 27, 1, 8);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = LittleEndian.i64(src, offset);
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    throw new UnsupportedOperationException("I64: cannot be encoded");
  }

  @Override
  public boolean canEncode() {
    return false;
  }
}
