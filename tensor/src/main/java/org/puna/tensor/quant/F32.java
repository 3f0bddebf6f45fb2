package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** IEEE 754 single precision, four bytes a number. */
final class F32 extends Blocks {
  F32() {
    super("F32", 0, 1, 4);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = Float.intBitsToFloat(LittleEndian.i32(src, offset));
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    LittleEndian.put32(dst, offset, Float.floatToRawIntBits(src[at]));
  }

  @Override
  boolean storesNonFinite() {
    return true;
  }
}
