package org.puna.tensor.quant;

/**
 * A block of numbers multiplied by a power of two so that the largest is between 1 and 2: the
 * searches can square and sum them whatever their size. Factors are converted as they will be
 * stored, with the precision that half precision has at the block's true size.
 */
final class UnitBlock {
  /** The multiplied numbers. */
  final float[] numbers;

  private int power;

  UnitBlock(int n) {
    numbers = new float[n];
  }

  /** Takes the numbers from {@code at}. */
  void set(float[] src, int at) {
    float largest = SimpleScale.absMax(src, at, numbers.length);
    power = largest == 0 ? 0 : Math.getExponent(largest);
    float factor = Math.scalb(1f, -power);
    for (int i = 0; i < numbers.length; i++) numbers[i] = src[at + i] * factor;
  }

  /** Returns a factor of the multiplied numbers as it is stored, at most the largest finite one. */
  short half(float factor) {
    return Half.fromFloat(Math.clamp(Math.scalb(factor, power), -Half.MAX, Half.MAX));
  }

  /** Returns the factor of the multiplied numbers that a stored one is. */
  float step(short half) {
    return Math.scalb(Half.toFloat(half), -power);
  }
}
