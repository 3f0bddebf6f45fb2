package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 32 numbers as a shared power of two and 4-bit floats (1 sign, 2 exponent, 1 mantissa bit), as the
 * Open Compute Project's microscaling specification lays them out. Nibbles are placed as in Q4_0.
 */
final class MXFP4 extends Blocks {
  /** Twice the value of each code; the shared scale is halved instead. */
  private static final byte[] TWICE = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  MXFP4() {
    super("MXFP4", 39, 32, 17);
  }

  /** Returns half of 2 to the power of {@code exponent − 127}; the two smallest are subnormal. */
  private static float halfPower(int exponent) {
    return Float.intBitsToFloat(exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = halfPower(LittleEndian.u8(src, offset));
    for (int i = 0; i < 16; i++) {
      int q = LittleEndian.i8(src, offset + 1 + i);
      dst[at + i] = d * TWICE[q & 15];
      dst[at + 16 + i] = d * TWICE[q >> 4 & 15];
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    int exponent = exponent(SimpleScale.absMax(src, at, 32));
    float d = halfPower(exponent);
    LittleEndian.put8(dst, offset, exponent);
    for (int i = 0; i < 16; i++) {
      LittleEndian.put8(dst, offset + 1 + i, code(src[at + i], d) | code(src[at + 16 + i], d) << 4);
    }
  }

  /**
   * Returns the shared exponent: the largest number's, less the two of the largest code. The
   * reference takes a logarithm in single precision, which next below a power of two reaches it,
   * and narrows to a byte, which wraps for numbers under 2 to the −125.
   */
  private static int exponent(float absMax) {
    if (absMax == 0) return 0;
    double size = absMax;
    int power = Math.getExponent(size);
    double mantissa = Math.scalb(size, -power);
    float log2 = (float) (power + Math.log(mantissa) / Math.log(2));
    return (int) Math.floor(log2) - 2 + 127 & 0xff;
  }

  /** Returns the code of the nearest value; half-way the smaller size, and never the negative 0. */
  private static int code(float x, float d) {
    float size = Math.abs(x);
    int code = 0;
    // Comparing with exact midpoints finds the smallest difference: both are powers of two apart.
    if (size > 0.5f * d) code = 1;
    if (size > 1.5f * d) code = 2;
    if (size > 2.5f * d) code = 3;
    if (size > 3.5f * d) code = 4;
    if (size > 5f * d) code = 5;
    if (size > 7f * d) code = 6;
    if (size > 10f * d) code = 7;
    return x < 0 && code > 0 ? code | 8 : code;
  }
}
