package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers in sixteen sub-blocks of 16, each with a signed 6-bit scale, and signed 3-bit codes:
 * {@code x = (d · (scale − 32)) · q}. The third bits come first (bit b of byte i for number i of
 * the b-th 32, set where 4 is <em>not</em> subtracted), then the low two as in Q2_K, then the
 * scales.
 */
final class Q3_K extends Blocks {
  private static final Levels LEVELS = Levels.even(-4, 3);
  private static final int CODES = 32;
  private static final int SCALES = 96;
  private static final int FACTOR = 108;

  Q3_K() {
    super("Q3_K", 11, 256, 110);
  }

  /** Scale b: low four bits in the nibbles of eight bytes, high two in the pairs of four bytes. */
  private static int scale(MemorySegment src, long scales, int b) {
    int low = LittleEndian.u8(src, scales + b % 8) >> b / 8 * 4 & 15;
    int high = LittleEndian.u8(src, scales + 8 + b % 4) >> b / 4 * 2 & 3;
    return (low | high << 4) - 32;
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset + FACTOR);
    for (int b = 0; b < 16; b++) {
      float scale = d * scale(src, offset + SCALES, b);
      int column = b % 2 * 16;
      int codes = CODES + b / 8 * 32 + column;
      int shift = b % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        int low = LittleEndian.i8(src, offset + codes + i) >> shift & 3;
        int third = LittleEndian.i8(src, offset + column + i) >> b / 2 & 1;
        dst[at + b * 16 + i] = scale * (low + third * 4 - 4);
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleFit fit = new ScaleFit(LEVELS, 16, 16, -32, 31);
    fit.fit(src, at);
    for (int i = 0; i < 32; i++) {
      int third = 0;
      for (int b = 0; b < 8; b++) third |= fit.codes[b * 32 + i] >> 2 << b;
      LittleEndian.put8(dst, offset + i, third);
    }
    for (int j = 0; j < 64; j++) {
      int first = j / 32 * 128 + j % 32;
      int packed = 0;
      for (int plane = 0; plane < 4; plane++) {
        packed |= (fit.codes[first + plane * 32] & 3) << 2 * plane;
      }
      LittleEndian.put8(dst, offset + CODES + j, packed);
    }
    for (int j = 0; j < 8; j++) {
      int packed = fit.scales[j] + 32 & 15 | (fit.scales[j + 8] + 32 & 15) << 4;
      LittleEndian.put8(dst, offset + SCALES + j, packed);
    }
    for (int j = 0; j < 4; j++) {
      int packed = 0;
      for (int b = 0; b < 4; b++) packed |= fit.scales[b * 4 + j] + 32 >> 4 << 2 * b;
      LittleEndian.put8(dst, offset + SCALES + 8 + j, packed);
    }
    LittleEndian.put16(dst, offset + FACTOR, fit.d);
  }
}
