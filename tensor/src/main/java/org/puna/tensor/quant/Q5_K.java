package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers as in Q4_K with 5-bit codes. The fifth bits lie before the nibbles: bit b of byte i
 * is that of number i of sub-block b.
 */
final class Q5_K extends Blocks {
  private static final int FIFTH = 16;
  private static final int CODES = 48;

  Q5_K() {
    super("Q5_K", 13, 256, 176);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    float dMin = LittleEndian.half(src, offset + 2);
    for (int b = 0; b < 8; b++) {
      float scale = d * KScales.scale(src, offset + 4, b);
      float min = dMin * KScales.min(src, offset + 4, b);
      int codes = CODES + b / 2 * 32;
      int shift = b % 2 * 4;
      for (int i = 0; i < 32; i++) {
        int low = LittleEndian.i8(src, offset + codes + i) >> shift & 15;
        int fifth = LittleEndian.i8(src, offset + FIFTH + i) >> b & 1;
        dst[at + b * 32 + i] = scale * (low | fifth << 4) - min;
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleMinFit fit = new ScaleMinFit(8, 32, 31, 63);
    fit.fit(src, at);
    LittleEndian.put16(dst, offset, fit.d);
    LittleEndian.put16(dst, offset + 2, fit.dMin);
    KScales.put(dst, offset + 4, fit.scales, fit.mins);
    for (int i = 0; i < 32; i++) {
      int fifth = 0;
      for (int b = 0; b < 8; b++) fifth |= fit.codes[b * 32 + i] >> 4 << b;
      LittleEndian.put8(dst, offset + FIFTH + i, fifth);
    }
    for (int j = 0; j < 128; j++) {
      int first = j / 32 * 64 + j % 32;
      int packed = fit.codes[first] & 15 | fit.codes[first + 32] << 4;
      LittleEndian.put8(dst, offset + CODES + j, packed);
    }
  }
}
