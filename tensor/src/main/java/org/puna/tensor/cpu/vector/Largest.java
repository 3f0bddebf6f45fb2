package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;

/**
 * The largest of many numbers, each step a comparison and a blend. The Vector API's own maximum
 * orders zeros and NaN as Java does, which takes seven instructions, one after the other.
 */
final class Largest {
  private static final int N = Lanes.N;

  private Largest() {}

  /** Returns the largest of a run of numbers, whole vectors; NaN is passed over. */
  static float of(float[] x, int at, int n) {
    FloatVector highest = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
    for (int j = at; j < at + n; j += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, x, j);
      highest = highest.blend(v, v.compare(GT, highest));
    }
    FloatVector other = highest;
    if (N > 8) other = highest.rearrange(LaneSum.EIGHT);
    highest = highest.blend(other, other.compare(GT, highest));
    if (N > 4) other = highest.rearrange(LaneSum.FOUR);
    highest = highest.blend(other, other.compare(GT, highest));
    if (N > 2) other = highest.rearrange(LaneSum.TWO);
    highest = highest.blend(other, other.compare(GT, highest));
    if (N > 1) other = highest.rearrange(LaneSum.ONE);
    highest = highest.blend(other, other.compare(GT, highest));
    return highest.lane(0);
  }

  /** Returns the largest number of a vector without NaN. */
  static float of(FloatVector v) {
    FloatVector m = v;
    FloatVector other = m;
    if (N > 8) other = m.rearrange(LaneSum.EIGHT);
    m = m.blend(other, other.compare(GT, m));
    if (N > 4) other = m.rearrange(LaneSum.FOUR);
    m = m.blend(other, other.compare(GT, m));
    if (N > 2) other = m.rearrange(LaneSum.TWO);
    m = m.blend(other, other.compare(GT, m));
    if (N > 1) other = m.rearrange(LaneSum.ONE);
    m = m.blend(other, other.compare(GT, m));
    return m.lane(0);
  }
}
