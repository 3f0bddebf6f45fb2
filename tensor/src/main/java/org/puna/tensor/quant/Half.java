package org.puna.tensor.quant;

/**
 * Converts between float32 and the two 16-bit floating types, with one result on every machine: the
 * JDK's own conversions leave the bits of a NaN to the processor.
 */
final class Half {
  /** The largest finite half-precision number. */
  static final float MAX = 65504f;

  private static final int FLOAT_INFINITY = 0x7f800000;

  private Half() {}

  /**
   * Returns the float32 of a half-precision number: exact, and a NaN keeps its sign and payload.
   */
  static float toFloat(short half) {
    if ((half & 0x7c00) == 0x7c00) {
      int sign = (half & 0x8000) << 16;
      return Float.intBitsToFloat(sign | FLOAT_INFINITY | (half & 0x03ff) << 13);
    }
    return Float.float16ToFloat(half);
  }

  /**
   * Returns the nearest half-precision number, ties to even; beyond the range the infinity of that
   * sign. A NaN keeps its sign and the high bits of its payload, of which at least one stays set.
   */
  static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > FLOAT_INFINITY) {
      int payload = Math.max(1, (bits & 0x007fffff) >>> 13);
      return (short) (bits >>> 16 & 0x8000 | 0x7c00 | payload);
    }
    return Float.floatToFloat16(value);
  }

  /** Returns the float32 of a bfloat16 number: exact. */
  static float brainToFloat(short brain) {
    return Float.intBitsToFloat(brain << 16);
  }

  /**
   * Returns the nearest bfloat16 number, ties to even. A NaN keeps its sign and high payload bits
   * and becomes quiet.
   */
  static short brainFromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > FLOAT_INFINITY) return (short) (bits >>> 16 | 0x40);
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
