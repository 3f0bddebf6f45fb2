package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** IEEE 754 double precision, eight bytes a number; decoding rounds to the nearest float32. */
final class F64 extends Blocks {
  F64() {
    super("F64", 28, 1, 8);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = (float) Double.longBitsToDouble(LittleEndian.i64(src, offset));
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    LittleEndian.put64(dst, offset, Double.doubleToRawLongBits(src[at]));
  }

  @Override
  boolean storesNonFinite() {
    return true;
  }
}
