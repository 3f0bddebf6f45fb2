package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Transcendental functions of all lanes, by polynomials of our own: the JDK's need a native library
 * that some machines lack, and would round differently there.
 */
final class VectorMath {
  private static final float LOG2_E = (float) (1 / Math.log(2));

  /** ln 2 in two pieces; multiples of the first by small whole numbers are exact. */
  private static final float LN2_HIGH = 0x1.63p-1f;

  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

  /** Adding and subtracting 1.5 · 2²³ rounds to a whole number. */
  private static final float ROUND = 0x1.8p23f;

  private VectorMath() {}

  /** Returns e to the power of x, within 2 units in the last place; NaN stays NaN. */
  static FloatVector exp(FloatVector x) {
    // Beyond these the result is 0 and infinity; the bounds keep the whole number in range.
    FloatVector v = x.max(-104f).min(89f);
    FloatVector n = v.mul(LOG2_E).add(ROUND).sub(ROUND);
    FloatVector r = n.fma(all(-LN2_HIGH), v);
    r = n.fma(all(-LN2_LOW), r);
    // Taylor's series to the seventh power: |r| ≤ ln 2 / 2, the rest is below 1e-8.
    FloatVector p = all(1f / 5040);
    p = p.fma(r, all(1f / 720));
    p = p.fma(r, all(1f / 120));
    p = p.fma(r, all(1f / 24));
    p = p.fma(r, all(1f / 6));
    p = p.fma(r, all(0.5f));
    p = p.fma(r, all(1f));
    p = p.fma(r, all(1f));
    // Two factors, so that subnormal results and those up to the largest float come out right.
    IntVector whole = (IntVector) n.castShape(Lanes.I, 0);
    IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
    return p.mul(power(half)).mul(power(whole.sub(half)));
  }

  /** Returns 2 to a power between −126 and 127. */
  private static FloatVector power(IntVector n) {
    return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /** Returns the hyperbolic tangent, within 8 units in the last place. */
  static FloatVector tanh(FloatVector x) {
    // Away from zero 1 − 2 / (e^{2x} + 1) loses little.
    FloatVector far = all(1f).sub(all(2f).div(exp(x.add(x)).add(1f)));
    // Near zero its odd series: x − x³/3 + 2x⁵/15 − 17x⁷/315 …, the rest is below 1e-8.
    FloatVector s = x.mul(x);
    FloatVector p = all(-17f / 315f).fma(s, all(2f / 15f)).fma(s, all(-1f / 3f));
    FloatVector near = x.mul(s).fma(p, x);
    return far.blend(near, s.compare(VectorOperators.LT, 0.0225f));
  }

  /** Returns {@code x · sigmoid(x)}. */
  static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /**
   * Returns {@code ½x · (1 + tanh(z))} with {@code z = √(2/π) · (x + 0.044715x³)}, which is {@code
   * x / (1 + e^{−2z})}.
   */
  static FloatVector geluTanh(FloatVector x) {
    FloatVector inner = x.mul(x).fma(all(0.044715f), all(1f)).mul(x);
    return x.div(exp(inner.mul((float) (-2 * Math.sqrt(2 / Math.PI)))).add(1f));
  }

  /**
   * Returns {@code x · Φ(x)}, Φ being the normal distribution: with an error of 2e-7 · |x|, and of
   * float32's rounding. The tail {@code q = Φ(−|x|)} is computed, so that nothing cancels where the
   * result is small.
   *
   * @see "Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26"
   */
  static FloatVector gelu(FloatVector x) {
    FloatVector a = x.abs().mul((float) Math.sqrt(0.5));
    FloatVector t = all(1f).div(a.fma(all(0.3275911f), all(1f)));
    FloatVector p = all((float) 1.061405429);
    p = p.fma(t, all((float) -1.453152027));
    p = p.fma(t, all((float) 1.421413741));
    p = p.fma(t, all((float) -0.284496736));
    p = p.fma(t, all((float) 0.254829592));
    FloatVector q = p.mul(t).mul(exp(a.mul(a).neg())).mul(0.5f);
    FloatVector tail = x.mul(q);
    // Beyond all tails the product of an infinity and zero would be no number.
    FloatVector low = tail.blend(all(0f), x.compare(VectorOperators.LT, -14f));
    FloatVector high = x.sub(tail).blend(x, x.compare(VectorOperators.GT, 14f));
    return high.blend(low, x.compare(VectorOperators.LT, 0f));
  }

  private static FloatVector all(float v) {
    return FloatVector.broadcast(Lanes.F, v);
  }
}
