package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers in eight sub-blocks of 32, each with a 6-bit scale and a 6-bit minimum, and 4-bit
 * codes: {@code x = (d · scale) · q − dMin · min}. Each 32 bytes of codes hold two sub-blocks, the
 * first in the low nibbles.
 */
final class Q4_K extends Blocks {
  private static final int CODES = 16;

  Q4_K() {
    super("Q4_K", 12, 256, 144);
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
        int q = LittleEndian.i8(src, offset + codes + i) >> shift & 15;
        dst[at + b * 32 + i] = scale * q - min;
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleMinFit fit = new ScaleMinFit(8, 32, 15, 63);
    fit.fit(src, at);
    LittleEndian.put16(dst, offset, fit.d);
    LittleEndian.put16(dst, offset + 2, fit.dMin);
    KScales.put(dst, offset + 4, fit.scales, fit.mins);
    for (int j = 0; j < 128; j++) {
      int first = j / 32 * 64 + j % 32;
      LittleEndian.put8(dst, offset + CODES + j, fit.codes[first] | fit.codes[first + 32] << 4);
    }
  }
}
