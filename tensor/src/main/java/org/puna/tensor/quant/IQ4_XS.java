package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers in eight sub-blocks of 32, each with a signed 6-bit scale, and the levels of IQ4_NL:
 * {@code x = (d · (scale − 32)) · level(q)}. The scales' high pairs lie in one 16-bit word, their
 * low nibbles in four bytes; each sub-block's codes are placed as in Q4_0.
 */
final class IQ4_XS extends Blocks {
  private static final int CODES = 8;

  IQ4_XS() {
    super("IQ4_XS", 23, 256, 136);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    int highs = LittleEndian.i16(src, offset + 2);
    for (int b = 0; b < 8; b++) {
      int low = LittleEndian.u8(src, offset + 4 + (b >> 1)) >> b % 2 * 4 & 15;
      float scale = d * ((low | (highs >> 2 * b & 3) << 4) - 32);
      int codes = CODES + b * 16;
      for (int i = 0; i < 16; i++) {
        int q = LittleEndian.i8(src, offset + codes + i);
        dst[at + b * 32 + i] = scale * Levels.NON_LINEAR.value(q & 15);
        dst[at + b * 32 + 16 + i] = scale * Levels.NON_LINEAR.value(q >> 4 & 15);
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    ScaleFit fit = new ScaleFit(Levels.NON_LINEAR, 8, 32, -32, 31);
    fit.fit(src, at);
    LittleEndian.put16(dst, offset, fit.d);
    int highs = 0;
    for (int b = 0; b < 8; b++) highs |= fit.scales[b] + 32 >> 4 << 2 * b;
    LittleEndian.put16(dst, offset + 2, (short) highs);
    for (int j = 0; j < 4; j++) {
      int packed = fit.scales[2 * j] + 32 & 15 | (fit.scales[2 * j + 1] + 32 & 15) << 4;
      LittleEndian.put8(dst, offset + 4 + j, packed);
    }
    for (int b = 0; b < 8; b++) {
      int codes = CODES + b * 16;
      for (int i = 0; i < 16; i++) {
        int packed = fit.codes[b * 32 + i] | fit.codes[b * 32 + 16 + i] << 4;
        LittleEndian.put8(dst, offset + codes + i, packed);
      }
    }
  }
}
