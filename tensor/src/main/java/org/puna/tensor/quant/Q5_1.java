package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a half-precision scale {@code d}, a half-precision minimum {@code m} and 5-bit
 * codes: {@code x = d · q + m}. Bits are placed as in Q5_0.
 */
final class Q5_1 extends Blocks {
  Q5_1() {
    super("Q5_1", 7, 32, 24);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    float m = LittleEndian.half(src, offset + 2);
    int fifth = LittleEndian.i32(src, offset + 4);
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 8 + i);
      dst[at + i] = d * (q & 15 | (fifth >>> i & 1) << 4) + m;
      dst[at + 16 + i] = d * (q >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) + m;
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float min = SimpleScale.min(src, at, 32);
    float d = (SimpleScale.max(src, at, 32) - min) / 31;
    float inverse = SimpleScale.inverse(d);
    int fifth = 0;
    for (int i = 0; i < 16; i++) {
      int low = SimpleScale.aboveMin(src[at + i], min, inverse, 31);
      int high = SimpleScale.aboveMin(src[at + 16 + i], min, inverse, 31);
      fifth |= low >> 4 << i | high >> 4 << i + 16;
      LittleEndian.put8(dst, offset + 8 + i, low & 15 | high << 4);
    }
    LittleEndian.put16(dst, offset, Half.fromFloat(d));
    LittleEndian.put16(dst, offset + 2, Half.fromFloat(min));
    LittleEndian.put32(dst, offset + 4, fifth);
  }
}
