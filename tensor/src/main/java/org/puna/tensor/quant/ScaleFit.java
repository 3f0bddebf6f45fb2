package org.puna.tensor.quant;

/**
 * Finds scales and codes with {@code x ≈ d · scale · level(code)} for a super-block of sub-blocks:
 * one half-precision {@code d}, a whole-number scale for each sub-block, a code for each number.
 *
 * <p>It minimises the sum of squared differences, all numbers weighted alike: without knowledge of
 * the activations that is the expected squared error of a product. The search is deterministic: for
 * each sub-block a sweep of scales with least squares on the codes of each, then {@code d} and the
 * neighbouring whole-number scales in turn until nothing improves.
 */
final class ScaleFit {
  private static final int SWEEP = 9;
  private static final int ALTERNATIONS = 3;
  private static final int REFINEMENTS = 4;

  private final Levels levels;
  private final int scaleLow;
  private final int scaleHigh;
  private final int sub;
  private final UnitBlock unit;
  private final float[] x;

  /** The half-precision {@code d}. */
  short d;

  /** The whole-number scale of each sub-block. */
  final int[] scales;

  /** The code of each number. */
  final byte[] codes;

  /**
   * A search for one format.
   *
   * @param subBlocks sub-blocks of a super-block
   * @param sub numbers of a sub-block
   * @param scaleLow lowest whole-number scale
   * @param scaleHigh highest whole-number scale
   */
  ScaleFit(Levels levels, int subBlocks, int sub, int scaleLow, int scaleHigh) {
    this.levels = levels;
    this.sub = sub;
    unit = new UnitBlock(subBlocks * sub);
    x = unit.numbers;
    this.scaleLow = scaleLow;
    this.scaleHigh = scaleHigh;
    scales = new int[subBlocks];
    codes = new byte[subBlocks * sub];
  }

  /** Fits the numbers from {@code at}. */
  void fit(float[] src, int at) {
    unit.set(src, at);
    float[] free = new float[scales.length];
    float largest = 0;
    for (int b = 0; b < free.length; b++) {
      free[b] = freeScale(b * sub);
      if (Math.abs(free[b]) > Math.abs(largest)) largest = free[b];
    }
    // The scale of largest size takes the lowest whole number, which reaches furthest.
    d = unit.half(largest / (scaleLow < 0 ? scaleLow : scaleHigh));
    float step = unit.step(d);
    double error = 0;
    for (int b = 0; b < free.length; b++) {
      scales[b] = clampScale(step == 0 ? 0 : free[b] / step);
      error += settle(b, step);
    }
    for (int r = 0; r < REFINEMENTS; r++) {
      short oldD = d;
      int[] oldScales = scales.clone();
      d = unit.half(bestD());
      step = unit.step(d);
      double refined = 0;
      for (int b = 0; b < scales.length; b++) refined += settle(b, step);
      if (refined < error * (1 - 1e-4)) {
        error = refined;
        continue;
      }
      if (refined >= error) {
        d = oldD;
        System.arraycopy(oldScales, 0, scales, 0, scales.length);
      }
      break;
    }
    step = unit.step(d);
    for (int b = 0; b < scales.length; b++) assign(b, step);
  }

  private int clampScale(float scale) {
    return Math.clamp(Math.round(scale), scaleLow, scaleHigh);
  }

  /** Returns the real scale of a sub-block with the least squared error that the sweep finds. */
  private float freeScale(int at) {
    float extreme = SimpleScale.signedMax(x, at, sub);
    if (extreme == 0) return 0;
    float width = 0.9f * levels.widestGap() / -levels.low();
    float best = 0;
    double bestGain = 0;
    for (int end = 0; end < 2; end++) {
      float level = end == 0 ? levels.low() : levels.high();
      for (int i = -SWEEP; i <= SWEEP; i++) {
        float scale = extreme / (level * (1 + width * i / SWEEP));
        double gain = leastSquares(at, scale);
        if (gain > bestGain) {
          bestGain = gain;
          best = fitted;
        }
      }
    }
    for (int i = 0; i < ALTERNATIONS; i++) {
      double gain = leastSquares(at, best);
      if (gain <= bestGain) break;
      bestGain = gain;
      best = fitted;
    }
    return best;
  }

  /** The scale that {@link #leastSquares} found. */
  private float fitted;

  /**
   * Codes a sub-block with a scale, solves for the scale that suits these codes best and returns by
   * how much it lowers the squared error.
   */
  private double leastSquares(int at, float scale) {
    float inverse = 1 / scale;
    float xl = 0;
    float ll = 0;
    for (int i = 0; i < sub; i++) {
      float v = x[at + i];
      float level = levels.value(levels.nearest(v * inverse));
      xl += v * level;
      ll += level * level;
    }
    if (!(ll > 0)) return 0;
    fitted = xl / ll;
    return (double) xl * xl / ll;
  }

  /** Chooses the best of a sub-block's scale and its two neighbours and returns its error. */
  private double settle(int b, float step) {
    int middle = scales[b];
    double best = error(b, step * middle);
    for (int s = middle - 1; s <= middle + 1; s += 2) {
      if (s < scaleLow || s > scaleHigh) continue;
      double e = error(b, step * s);
      if (e < best) {
        best = e;
        scales[b] = s;
      }
    }
    return best;
  }

  private double error(int b, float scale) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    float sum = 0;
    int from = b * sub;
    for (int i = 0; i < sub; i++) {
      float v = x[from + i];
      float diff = v - scale * levels.value(levels.nearest(v * inverse));
      sum += diff * diff;
    }
    return sum;
  }

  private void assign(int b, float step) {
    float scale = step * scales[b];
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int i = b * sub; i < (b + 1) * sub; i++) {
      codes[i] = (byte) levels.nearest(x[i] * inverse);
    }
  }

  /** Returns the real {@code d} of least squared error for the current scales and their codes. */
  private float bestD() {
    float step = unit.step(d);
    double xl = 0;
    double ll = 0;
    for (int b = 0; b < scales.length; b++) {
      assign(b, step);
      float xs = 0;
      float ss = 0;
      for (int i = b * sub; i < (b + 1) * sub; i++) {
        float level = levels.value(codes[i]);
        xs += x[i] * level;
        ss += level * level;
      }
      xl += (double) xs * scales[b];
      ll += (double) ss * scales[b] * scales[b];
    }
    return ll > 0 ? (float) (xl / ll) : step;
  }
}
