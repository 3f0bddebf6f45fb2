package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a half-precision scale {@code d}, a half-precision minimum {@code m} and 4-bit
 * codes: {@code x = d · q + m}. Nibbles are placed as in Q4_0.
 */
final class Q4_1 extends Blocks {
  Q4_1() {
    super("Q4_1", 3, 32, 20);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    float m = LittleEndian.half(src, offset + 2);
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 4 + i);
      dst[at + i] = d * (q & 15) + m;
      dst[at + 16 + i] = d * (q >> 4 & 15) + m;
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float min = SimpleScale.min(src, at, 32);
    float d = (SimpleScale.max(src, at, 32) - min) / 15;
    float inverse = SimpleScale.inverse(d);
    LittleEndian.put16(dst, offset, Half.fromFloat(d));
    LittleEndian.put16(dst, offset + 2, Half.fromFloat(min));
    for (int i = 0; i < 16; i++) {
      int low = SimpleScale.aboveMin(src[at + i], min, inverse, 15);
      int high = SimpleScale.aboveMin(src[at + 16 + i], min, inverse, 15);
      LittleEndian.put8(dst, offset + 4 + i, low | high << 4);
    }
  }
}
