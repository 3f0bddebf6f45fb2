package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a half-precision scale {@code d} and 4-bit codes for sixteen unevenly spaced
 * levels: {@code x = d · level(q)}. Nibbles are placed as in Q4_0.
 */
final class IQ4_NL extends Blocks {
  IQ4_NL() {
    super("IQ4_NL", 20, 32, 18);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 2 + i);
      dst[at + i] = d * Levels.NON_LINEAR.value(q & 15);
      dst[at + 16 + i] = d * Levels.NON_LINEAR.value(q >> 4 & 15);
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    // A single sub-block whose whole-number scale is always 1.
    ScaleFit fit = new ScaleFit(Levels.NON_LINEAR, 1, 32, 1, 1);
    fit.fit(src, at);
    LittleEndian.put16(dst, offset, fit.d);
    for (int i = 0; i < 16; i++) {
      LittleEndian.put8(dst, offset + 2 + i, fit.codes[i] | fit.codes[i + 16] << 4);
    }
  }
}
