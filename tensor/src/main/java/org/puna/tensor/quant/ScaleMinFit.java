package org.puna.tensor.quant;

/**
 * Finds scales, minima and codes with {@code x ≈ d · scale · code − dMin · min} for a super-block
 * of sub-blocks: two half-precision factors, two whole numbers for each sub-block, a code for each
 * number.
 *
 * <p>Minimises the same error as {@link ScaleFit}, and in the same manner: for each sub-block a
 * sweep of scales with least squares for scale and minimum on the codes of each, then both factors
 * and the neighbouring whole numbers in turn until nothing improves.
 */
final class ScaleMinFit {
  private static final int SWEEP = 10;
  private static final int ALTERNATIONS = 4;
  private static final int REFINEMENTS = 3;

  private final int maxCode;
  private final int maxScale;
  private final int sub;
  private final UnitBlock unit;
  private final float[] x;

  /** The half-precision factor of the scales. */
  short d;

  /** The half-precision factor of the minima. */
  short dMin;

  /** The whole-number scale of each sub-block. */
  final int[] scales;

  /** The whole-number minimum of each sub-block. */
  final int[] mins;

  /** The code of each number. */
  final byte[] codes;

  private float fittedScale;
  private float fittedMin;

  /**
   * A search for one format.
   *
   * @param subBlocks sub-blocks of a super-block
   * @param sub numbers of a sub-block
   * @param maxCode highest code, counted from 0
   * @param maxScale highest whole-number scale and minimum, counted from 0
   */
  ScaleMinFit(int subBlocks, int sub, int maxCode, int maxScale) {
    this.maxCode = maxCode;
    this.maxScale = maxScale;
    this.sub = sub;
    unit = new UnitBlock(subBlocks * sub);
    x = unit.numbers;
    scales = new int[subBlocks];
    mins = new int[subBlocks];
    codes = new byte[subBlocks * sub];
  }

  /** Fits the numbers from {@code at}. */
  void fit(float[] src, int at) {
    unit.set(src, at);
    int blocks = scales.length;
    float[] freeScales = new float[blocks];
    float[] freeMins = new float[blocks];
    float largestScale = 0;
    float largestMin = 0;
    for (int b = 0; b < blocks; b++) {
      freeFit(b * sub);
      freeScales[b] = fittedScale;
      freeMins[b] = fittedMin;
      largestScale = Math.max(largestScale, fittedScale);
      largestMin = Math.max(largestMin, fittedMin);
    }
    setFactors(largestScale / maxScale, largestMin / maxScale);
    float step = unit.step(d);
    float minStep = unit.step(dMin);
    double error = 0;
    for (int b = 0; b < blocks; b++) {
      scales[b] = clamp(step == 0 ? 0 : freeScales[b] / step);
      mins[b] = clamp(minStep == 0 ? 0 : freeMins[b] / minStep);
      error += settle(b);
    }
    for (int r = 0; r < REFINEMENTS; r++) {
      short oldD = d;
      short oldDMin = dMin;
      int[] oldScales = scales.clone();
      int[] oldMins = mins.clone();
      improveFactors();
      double refined = 0;
      for (int b = 0; b < blocks; b++) refined += settle(b);
      if (refined < error * (1 - 1e-4)) {
        error = refined;
        continue;
      }
      if (refined >= error) {
        d = oldD;
        dMin = oldDMin;
        System.arraycopy(oldScales, 0, scales, 0, blocks);
        System.arraycopy(oldMins, 0, mins, 0, blocks);
      }
      break;
    }
    for (int b = 0; b < blocks; b++) assign(b);
  }

  private void setFactors(float scale, float min) {
    d = unit.half(scale);
    dMin = unit.half(min);
  }

  private int clamp(float v) {
    return Math.clamp(Math.round(v), 0, maxScale);
  }

  /** Returns the code of a number over its minimum, already divided by the scale. */
  private int code(float v) {
    return Math.clamp((int) (v + 0.5f), 0, maxCode);
  }

  /**
   * Leaves the real scale and minimum of least squared error that the sweep finds in the fields.
   */
  private void freeFit(int at) {
    float low = Math.min(SimpleScale.min(x, at, sub), 0);
    float range = SimpleScale.max(x, at, sub) - low;
    float bestScale = 0;
    float bestMin = -low;
    if (!(range > 0)) {
      fittedScale = 0;
      fittedMin = bestMin;
      return;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int i = -SWEEP; i <= SWEEP; i++) {
      double e = leastSquares(at, range / (maxCode + 0.1f * i), -low);
      if (e < best) {
        best = e;
        bestScale = fittedScale;
        bestMin = fittedMin;
      }
    }
    for (int i = 0; i < ALTERNATIONS && bestScale > 0; i++) {
      double e = leastSquares(at, bestScale, bestMin);
      if (e >= best) break;
      best = e;
      bestScale = fittedScale;
      bestMin = fittedMin;
    }
    fittedScale = bestScale;
    fittedMin = bestMin;
  }

  /**
   * Codes a sub-block with a scale and a minimum, solves for the pair that suits these codes best,
   * the minimum not below 0, and returns its squared error less that of all-zero numbers.
   */
  private double leastSquares(int at, float scale, float min) {
    float inverse = 1 / scale;
    int q1 = 0;
    int q2 = 0;
    float xq = 0;
    float x1 = 0;
    for (int i = 0; i < sub; i++) {
      float v = x[at + i];
      int q = code((v + min) * inverse);
      q1 += q;
      q2 += q * q;
      xq += v * q;
      x1 += v;
    }
    double det = (double) sub * q2 - (double) q1 * q1;
    double s = det > 0 ? ((double) sub * xq - (double) q1 * x1) / det : 0;
    double m = det > 0 ? ((double) q1 * xq - (double) q2 * x1) / det : -1;
    if (m < 0 || s <= 0) {
      s = q2 > 0 ? Math.max(0, (double) xq / q2) : 0;
      m = 0;
    }
    fittedScale = (float) s;
    fittedMin = (float) m;
    return s * s * q2 + m * m * sub - 2 * s * xq + 2 * m * x1 - 2 * s * m * q1;
  }

  /** Chooses the best whole numbers around a sub-block's present pair and returns the error. */
  private double settle(int b) {
    int scale = scales[b];
    int min = mins[b];
    double best = Double.POSITIVE_INFINITY;
    for (int s = Math.max(0, scale - 1); s <= Math.min(maxScale, scale + 1); s++) {
      for (int m = Math.max(0, min - 1); m <= Math.min(maxScale, min + 1); m++) {
        double e = error(b * sub, unit.step(d) * s, unit.step(dMin) * m);
        if (e < best) {
          best = e;
          scales[b] = s;
          mins[b] = m;
        }
      }
    }
    return best;
  }

  private double error(int from, float scale, float min) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    float sum = 0;
    for (int i = 0; i < sub; i++) {
      float v = x[from + i] + min;
      float diff = v - scale * code(v * inverse);
      sum += diff * diff;
    }
    return sum;
  }

  private void assign(int b) {
    float scale = unit.step(d) * scales[b];
    float min = unit.step(dMin) * mins[b];
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int i = b * sub; i < (b + 1) * sub; i++) {
      codes[i] = (byte) code((x[i] + min) * inverse);
    }
  }

  /** Solves for both factors by least squares on the present whole numbers and codes. */
  private void improveFactors() {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double ax = 0;
    double bx = 0;
    for (int b = 0; b < scales.length; b++) {
      assign(b);
      int q1 = 0;
      int q2 = 0;
      float xq = 0;
      float x1 = 0;
      for (int i = b * sub; i < (b + 1) * sub; i++) {
        float v = x[i];
        int q = codes[i];
        q1 += q;
        q2 += q * q;
        xq += v * q;
        x1 += v;
      }
      double s = scales[b];
      double m = mins[b];
      aa += s * s * q2;
      ab += s * m * q1;
      bb += m * m * sub;
      ax += s * xq;
      bx += m * x1;
    }
    double det = aa * bb - ab * ab;
    if (det > 1e-9 * aa * bb) {
      float scale = (float) ((ax * bb - ab * bx) / det);
      float min = (float) ((ab * ax - aa * bx) / det);
      if (scale > 0 && min > 0) setFactors(scale, min);
    } else if (bb == 0 && aa > 0 && ax > 0) {
      setFactors((float) (ax / aa), 0);
    }
  }
}
