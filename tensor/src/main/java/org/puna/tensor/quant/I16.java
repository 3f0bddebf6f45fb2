package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** Signed integers of 16 bits, read as they are; weights are never encoded to them. */
final class I16 extends Blocks {
  I16() {
    super("I16", 25, 1, 2);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = LittleEndian.i16(src, offset);
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    throw new UnsupportedOperationException("I16: cannot be encoded");
  }

  @Override
  public boolean canEncode() {
    return false;
  }
}
