package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers in sixteen sub-blocks of 16, each with a signed 8-bit scale, and 6-bit codes: {@code
 * x = (d · scale) · (q − 32)}. Of each 128 numbers, 64 bytes hold the low nibbles (numbers i and i
 * + 64 share byte i) and 32 bytes the high pairs (numbers i, i + 32, i + 64, i + 96).
 */
final class Q6_K extends Blocks {
  private static final Levels LEVELS = Levels.even(-32, 31);
  private static final int HIGH = 128;
  private static final int SCALES = 192;
  private static final int FACTOR = 208;

  Q6_K() {
    super("Q6_K", 14, 256, 210);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset + FACTOR);
    for (int b = 0; b < 16; b++) {
      float scale = d * LittleEndian.i8(src, offset + SCALES + b);
      int half = b / 8;
      int quarter = b % 8 / 2;
      int column = b % 2 * 16;
      int lows = half * 64 + quarter % 2 * 32 + column;
      int highs = HIGH + half * 32 + column;
      for (int i = 0; i < 16; i++) {
        int low = LittleEndian.i8(src, offset + lows + i) >> quarter / 2 * 4 & 15;
        int high = LittleEndian.i8(src, offset + highs + i) >> quarter * 2 & 3;
        dst[at + b * 16 + i] = scale * ((low | high << 4) - 32);
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleFit fit = new ScaleFit(LEVELS, 16, 16, -128, 127);
    fit.fit(src, at);
    for (int j = 0; j < 128; j++) {
      int first = j / 64 * 128 + j % 64;
      int packed = fit.codes[first] & 15 | (fit.codes[first + 64] & 15) << 4;
      LittleEndian.put8(dst, offset + j, packed);
    }
    for (int j = 0; j < 64; j++) {
      int first = j / 32 * 128 + j % 32;
      int packed = 0;
      for (int quarter = 0; quarter < 4; quarter++) {
        packed |= fit.codes[first + quarter * 32] >> 4 << 2 * quarter;
      }
      LittleEndian.put8(dst, offset + HIGH + j, packed);
    }
    for (int b = 0; b < 16; b++) LittleEndian.put8(dst, offset + SCALES + b, fit.scales[b]);
    LittleEndian.put16(dst, offset + FACTOR, fit.d);
  }
}
