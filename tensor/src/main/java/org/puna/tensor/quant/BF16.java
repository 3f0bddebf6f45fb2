package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** The upper half of a float32, two bytes a number; encoding rounds to nearest, ties to even. */
final class BF16 extends Blocks {
  BF16() {
    super("BF16", 30, 1, 2);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    dst[at] = Half.brainToFloat(LittleEndian.i16(src, offset));
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    LittleEndian.put16(dst, offset, Half.brainFromFloat(src[at]));
  }

  @Override
  boolean storesNonFinite() {
    return true;
  }
}
