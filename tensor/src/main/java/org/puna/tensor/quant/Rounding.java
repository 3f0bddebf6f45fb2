package org.puna.tensor.quant;

/** The roundings and narrowings of the reference encoders, which Java's own casts do not give. */
final class Rounding {
  private Rounding() {}

  /** Returns the nearest integer, halves away from zero. */
  static float halfAway(float x) {
    float a = Math.abs(x);
    float floor = (float) Math.floor(a);
    float rounded = a - floor >= 0.5f ? floor + 1 : floor;
    return x < 0 ? -rounded : rounded;
  }

  /**
   * Returns the low eight bits of {@code x} truncated to an integer, and 0 where no int holds it:
   * the reference's narrowing, which matters where a scale is so small that its inverse is
   * infinite.
   */
  static int lowByte(float x) {
    return Math.abs(x) < 0x1p31f ? (int) x & 0xff : 0;
  }
}
