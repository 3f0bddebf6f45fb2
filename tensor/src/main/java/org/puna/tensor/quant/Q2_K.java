package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers in sixteen sub-blocks of 16, each with a 4-bit scale and a 4-bit minimum, and 2-bit
 * codes: {@code x = (d · scale) · q − dMin · min}. Byte i of each 32 bytes of codes holds numbers
 * i, i + 32, i + 64 and i + 96 of 128.
 */
final class Q2_K extends Blocks {
  private static final int CODES = 16;
  private static final int FACTORS = 80;

  Q2_K() {
    super("Q2_K", 10, 256, 84);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset + FACTORS);
    float dMin = LittleEndian.half(src, offset + FACTORS + 2);
    for (int b = 0; b < 16; b++) {
      int packed = LittleEndian.u8(src, offset + b);
      float scale = d * (packed & 15);
      float min = dMin * (packed >> 4);
      int codes = CODES + b / 8 * 32 + b % 2 * 16;
      int shift = b % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        int q = LittleEndian.i8(src, offset + codes + i) >> shift & 3;
        dst[at + b * 16 + i] = scale * q - min;
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleMinFit fit = new ScaleMinFit(16, 16, 3, 15);
    fit.fit(src, at);
    for (int b = 0; b < 16; b++) {
      LittleEndian.put8(dst, offset + b, fit.scales[b] | fit.mins[b] << 4);
    }
    for (int j = 0; j < 64; j++) {
      int first = j / 32 * 128 + j % 32;
      int packed = 0;
      for (int plane = 0; plane < 4; plane++) {
        packed |= fit.codes[first + plane * 32] << 2 * plane;
      }
      LittleEndian.put8(dst, offset + CODES + j, packed);
    }
    LittleEndian.put16(dst, offset + FACTORS, fit.d);
    LittleEndian.put16(dst, offset + FACTORS + 2, fit.dMin);
  }
}
