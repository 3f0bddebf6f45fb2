package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transcendental functions of all lanes, by polynomials of our own: the JDK's need a native library
 * that some machines lack, and would round differently there.
 *
 * <p>Those of training call the Vector API itself, see {@link Words}, and bound numbers by a
 * comparison and a blend, see {@link Largest}; NaN stays.
 */
final class VectorMath {
  static final float LOG2_E = (float) (1 / Math.log(2));

  /** ln 2 in two pieces; multiples of the first by small whole numbers are exact. */
  private static final float LN2_HIGH = 0x1.63p-1f;

  private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);

  /** Adding and subtracting 1.5 · 2²³ rounds to a whole number. */
  private static final float ROUND = 0x1.8p23f;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int N = Lanes.N;

  private VectorMath() {}

  /** Returns e to the power of x, within 2 units in the last place; NaN stays NaN. */
  static FloatVector exp(FloatVector x) {
    // Beyond these the result is 0 and infinity; the bounds keep the whole number in range.
    FloatVector v = x.max(-104f).min(89f);
    FloatVector n = v.mul(LOG2_E).add(ROUND).sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), v);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    // Taylor's series to the seventh power: |r| ≤ ln 2 / 2, the rest is below 1e-8.
    FloatVector p = FloatVector.broadcast(F, 1f / 5040);
    p = p.fma(r, FloatVector.broadcast(F, 1f / 720));
    p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
    p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
    p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
    p = p.fma(r, FloatVector.broadcast(F, 0.5f));
    p = p.fma(r, FloatVector.broadcast(F, 1f));
    p = p.fma(r, FloatVector.broadcast(F, 1f));
    // Two powers of two, so that subnormal results and those up to the largest float come out
    // right: whole numbers in the place of an exponent.
    IntVector whole = (IntVector) n.castShape(Lanes.I, 0);
    IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
    IntVector rest = whole.sub(half).add(127).lanewise(VectorOperators.LSHL, 23);
    half = half.add(127).lanewise(VectorOperators.LSHL, 23);
    return p.mul(half.reinterpretAsFloats()).mul(rest.reinterpretAsFloats());
  }

  /** Below this an exponential is no normal number; above {@link #HIGHEST} it is infinite. */
  private static final float LOWEST = -87;

  private static final float HIGHEST = 88;

  /**
   * Replaces numbers by {@code e^(x − shift)} and returns their sum. Those below e⁻⁸⁷ become about
   * that. With half the work of {@link #exp}, as numbers are between {@link #LOWEST} and 0. The
   * exponential is written out: what the compiler has seldom seen it leaves a call, which boxes.
   *
   * @param count a multiple of the vector
   * @param shift at least the largest number
   */
  static float expSum(float[] x, int at, int count, float shift) {
    FloatVector sum = FloatVector.zero(F);
    FloatVector lowest = FloatVector.broadcast(F, LOWEST);
    for (int j = at; j < at + count; j += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, j).sub(shift);
      v = v.blend(lowest, v.compare(LT, lowest));
      // The sum has the whole number in its lowest bits, from where it is added to the exponent.
      FloatVector whole = v.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUND));
      FloatVector n = whole.sub(FloatVector.broadcast(F, ROUND));
      FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), v);
      r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
      FloatVector p =
          FloatVector.broadcast(F, 1f / 5040).fma(r, FloatVector.broadcast(F, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 120)).fma(r, FloatVector.broadcast(F, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 6)).fma(r, FloatVector.broadcast(F, 0.5f));
      p = p.fma(r, FloatVector.broadcast(F, 1f)).fma(r, FloatVector.broadcast(F, 1f));
      IntVector power = whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
      e.intoArray(x, j);
      sum = sum.add(e);
    }
    return LaneSum.of(sum);
  }

  /** Below this a power of two is no normal number. */
  private static final float LOWEST_POWER = -126;

  // Powers of two of numbers from LOWEST_POWER to 127, within 1 unit in the last place: a third
  // less
  // work than those of e, since what is left of a number after its rounding is exact. The
  // polynomial
  // has the least relative error (4e-9) of those of degree six that are 1 at zero (Remez 1934, Sur
  // le calcul effectif des polynomes d'approximation de Tchebychef).
  private static final float POWER1 = 0x1.62e432p-1f;
  private static final float POWER2 = 0x1.ebfbep-3f;
  private static final float POWER3 = 0x1.c6ae2cp-5f;
  private static final float POWER4 = 0x1.3b29e4p-7f;
  private static final float POWER5 = 0x1.5f88fep-10f;
  private static final float POWER6 = 0x1.446c7ep-13f;

  /**
   * Replaces numbers by {@code 2^(x − shift)} and returns their sum. Those below 2⁻¹²⁶ become about
   * that. The power is written out, see {@link #expSum}.
   *
   * @param count a multiple of the vector
   * @param shift at least the largest number
   * @param lanes scratch memory, one vector
   */
  static float powerSum(float[] x, int at, int count, float shift, float[] lanes) {
    FloatVector sum = FloatVector.zero(F);
    FloatVector lowest = FloatVector.broadcast(F, LOWEST_POWER);
    for (int j = at; j < at + count; j += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, j).sub(shift);
      v = v.blend(lowest, v.compare(LT, lowest));
      FloatVector whole = v.add(FloatVector.broadcast(F, ROUND));
      FloatVector r = v.sub(whole.sub(FloatVector.broadcast(F, ROUND)));
      FloatVector p = FloatVector.broadcast(F, POWER6).fma(r, FloatVector.broadcast(F, POWER5));
      p = p.fma(r, FloatVector.broadcast(F, POWER4)).fma(r, FloatVector.broadcast(F, POWER3));
      p = p.fma(r, FloatVector.broadcast(F, POWER2)).fma(r, FloatVector.broadcast(F, POWER1));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      IntVector power = whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
      e.intoArray(x, j);
      sum = sum.add(e);
    }
    sum.intoArray(lanes, 0);
    return LaneSum.of(lanes, 0);
  }

  /**
   * Turns a row of raw scores s into weights {@code w = e^(scale · s − lse)}, and the gradients g
   * by these weights into those by the raw scores, {@code (g − delta) · w · scale}. Where a score
   * is far above {@code lse}, as one can be that the query may not look at, both are meaningless.
   *
   * @param count a multiple of the vector
   * @param lse logarithm of the sum of the row's exponentials
   * @param delta sum of the row's weights times their gradients
   */
  static void softmaxSlopes(
      float[] s, float[] g, int at, int count, float scale, float lse, float delta) {
    FloatVector toPower = FloatVector.broadcast(F, scale * LOG2_E);
    FloatVector shift = FloatVector.broadcast(F, -lse * LOG2_E);
    FloatVector lowest = FloatVector.broadcast(F, LOWEST_POWER);
    FloatVector factor = FloatVector.broadcast(F, scale);
    FloatVector least = FloatVector.broadcast(F, -delta * scale);
    for (int j = at; j < at + count; j += N) {
      FloatVector x = FloatVector.fromArray(Lanes.F, s, j).fma(toPower, shift);
      x = x.blend(lowest, x.compare(LT, lowest));
      FloatVector whole = x.add(FloatVector.broadcast(F, ROUND));
      FloatVector r = x.sub(whole.sub(FloatVector.broadcast(F, ROUND)));
      FloatVector p = FloatVector.broadcast(F, POWER6).fma(r, FloatVector.broadcast(F, POWER5));
      p = p.fma(r, FloatVector.broadcast(F, POWER4)).fma(r, FloatVector.broadcast(F, POWER3));
      p = p.fma(r, FloatVector.broadcast(F, POWER2)).fma(r, FloatVector.broadcast(F, POWER1));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      IntVector power = whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
      e.intoArray(s, j);
      FloatVector.fromArray(Lanes.F, g, j).fma(factor, least).mul(e).intoArray(g, j);
    }
  }

  /**
   * Computes the gradients of {@code x · sigmoid(x) · up} by both, from that by the product.
   *
   * @param from first number
   * @param to after the last; a multiple of the vector away
   */
  static void siluSlopes(
      float[] dy, float[] x, float[] up, int from, int to, float[] dx, float[] dup) {
    FloatVector one = FloatVector.broadcast(F, 1);
    FloatVector lowest = FloatVector.broadcast(F, LOWEST);
    FloatVector highest = FloatVector.broadcast(F, HIGHEST);
    for (int i = from; i < to; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, i);
      FloatVector g = FloatVector.fromArray(Lanes.F, dy, i);
      FloatVector u = FloatVector.fromArray(Lanes.F, up, i);
      FloatVector minus = v.neg();
      minus = minus.blend(lowest, minus.compare(LT, lowest));
      minus = minus.blend(highest, minus.compare(GT, highest));
      // The sum has the whole number in its lowest bits, from where it is added to the exponent.
      FloatVector whole =
          minus.fma(FloatVector.broadcast(F, LOG2_E), FloatVector.broadcast(F, ROUND));
      FloatVector n = whole.sub(FloatVector.broadcast(F, ROUND));
      FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), minus);
      r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
      FloatVector p =
          FloatVector.broadcast(F, 1f / 5040).fma(r, FloatVector.broadcast(F, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 120)).fma(r, FloatVector.broadcast(F, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 6)).fma(r, FloatVector.broadcast(F, 0.5f));
      p = p.fma(r, FloatVector.broadcast(F, 1f)).fma(r, FloatVector.broadcast(F, 1f));
      IntVector power = whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector e = p.reinterpretAsInts().add(power).reinterpretAsFloats();
      FloatVector s = one.div(e.add(one));
      FloatVector act = v.mul(s);
      // The derivative of x · s is s · (1 + x · (1 − s)) = s + act − act · s.
      s.add(act).sub(act.mul(s)).mul(u).mul(g).intoArray(dx, i);
      act.mul(g).intoArray(dup, i);
    }
  }

  /** Returns the hyperbolic tangent, within 8 units in the last place. */
  static FloatVector tanh(FloatVector x) {
    // Away from zero 1 − 2 / (e^{2x} + 1) loses little.
    FloatVector e = exp(x.add(x));
    FloatVector far = FloatVector.broadcast(F, 2f).div(e.add(1f));
    far = FloatVector.broadcast(F, 1f).sub(far);
    // Near zero its odd series: x − x³/3 + 2x⁵/15 − 17x⁷/315 …, the rest is below 1e-8.
    FloatVector s = x.mul(x);
    FloatVector p =
        FloatVector.broadcast(F, -17f / 315f).fma(s, FloatVector.broadcast(F, 2f / 15f));
    p = p.fma(s, FloatVector.broadcast(F, -1f / 3f));
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
    FloatVector inner =
        x.mul(x).fma(FloatVector.broadcast(F, 0.044715f), FloatVector.broadcast(F, 1f)).mul(x);
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
    FloatVector e = exp(a.mul(a).neg());
    FloatVector one = FloatVector.broadcast(F, 1f);
    FloatVector t = one.div(a.fma(FloatVector.broadcast(F, 0.3275911f), one));
    FloatVector p = FloatVector.broadcast(F, (float) 1.061405429);
    p = p.fma(t, FloatVector.broadcast(F, (float) -1.453152027));
    p = p.fma(t, FloatVector.broadcast(F, (float) 1.421413741));
    p = p.fma(t, FloatVector.broadcast(F, (float) -0.284496736));
    p = p.fma(t, FloatVector.broadcast(F, (float) 0.254829592));
    FloatVector q = p.mul(t).mul(e).mul(0.5f);
    FloatVector tail = x.mul(q);
    // Beyond all tails the product of an infinity and zero would be no number.
    FloatVector low = tail.blend(FloatVector.zero(F), x.compare(VectorOperators.LT, -14f));
    FloatVector high = x.sub(tail).blend(x, x.compare(VectorOperators.GT, 14f));
    return high.blend(low, x.compare(VectorOperators.LT, 0f));
  }
}
