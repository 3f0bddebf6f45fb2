package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a half-precision scale {@code d} and 4-bit codes: {@code x = d · (q − 8)}. The low
 * nibbles hold the first sixteen numbers, the high nibbles the others.
 */
final class Q4_0 extends Blocks {
  Q4_0() {
    super("Q4_0", 2, 32, 18);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 2 + i);
      dst[at + i] = d * ((q & 15) - 8);
      dst[at + 16 + i] = d * ((q >> 4 & 15) - 8);
    }
  }

  /** The number of largest size, the first of equals, becomes code 0, which is −8. */
  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float d = SimpleScale.signedMax(src, at, 32) / -8;
    double inverse = SimpleScale.inverse(d);
    LittleEndian.put16(dst, offset, Half.fromFloat(d));
    for (int i = 0; i < 16; i++) {
      int low = SimpleScale.centred(src[at + i], inverse, 8.5, 15);
      int high = SimpleScale.centred(src[at + 16 + i], inverse, 8.5, 15);
      LittleEndian.put8(dst, offset + 2 + i, low | high << 4);
    }
  }
}
