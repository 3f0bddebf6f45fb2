package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a half-precision scale {@code d} and 5-bit codes: {@code x = d · (q − 16)}. The
 * fifth bits lie together in one word, bit i for number i; nibbles are placed as in Q4_0.
 */
final class Q5_0 extends Blocks {
  Q5_0() {
    super("Q5_0", 6, 32, 22);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    int fifth = LittleEndian.i32(src, offset + 2);
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 6 + i);
      dst[at + i] = d * ((q & 15 | (fifth >>> i & 1) << 4) - 16);
      dst[at + 16 + i] = d * ((q >> 4 & 15 | (fifth >>> i + 16 & 1) << 4) - 16);
    }
  }

  /** The number of largest size, the first of equals, becomes code 0, which is −16. */
  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float d = SimpleScale.signedMax(src, at, 32) / -16;
    double inverse = SimpleScale.inverse(d);
    int fifth = 0;
    for (int i = 0; i < 16; i++) {
      int low = SimpleScale.centred(src[at + i], inverse, 16.5, 31);
      int high = SimpleScale.centred(src[at + 16 + i], inverse, 16.5, 31);
      fifth |= low >> 4 << i | high >> 4 << i + 16;
      LittleEndian.put8(dst, offset + 6 + i, low & 15 | high << 4);
    }
    LittleEndian.put16(dst, offset, Half.fromFloat(d));
    LittleEndian.put32(dst, offset + 2, fifth);
  }
}
