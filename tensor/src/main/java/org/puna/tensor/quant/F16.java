package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** IEEE 754 half precision, two bytes a number; encoding rounds to nearest, ties to even. */
final class F16 extends Blocks {
  F16() {
    super("F16", 1, 1, 2);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = LittleEndian.half(src, offset);
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    LittleEndian.put16(dst, offset, Half.fromFloat(src[at]));
  }

  @Override
  boolean storesNonFinite() {
    return true;
  }
}
