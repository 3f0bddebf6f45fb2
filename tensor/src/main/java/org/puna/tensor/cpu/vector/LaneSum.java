package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * The sum of a vector's lanes in a fixed order. The Vector API's own reduction may take another
 * order once it is compiled, so that the same numbers would give another sum in the same process.
 */
final class LaneSum {
  private static final int N = Lanes.N;
  static final VectorShuffle<Float> EIGHT = apart(8);
  static final VectorShuffle<Float> FOUR = apart(4);
  static final VectorShuffle<Float> TWO = apart(2);
  static final VectorShuffle<Float> ONE = apart(1);

  private LaneSum() {}

  private static VectorShuffle<Float> apart(int distance) {
    return VectorShuffle.fromOp(Lanes.F, i -> (i ^ distance) % N);
  }

  /**
   * Returns the sum of a vector's numbers in an array from index {@code i}. It calls the Vector API
   * alone, so that no vector is boxed wherever the compiler leaves off: for sums at the end of long
   * loops, see {@link Words}.
   */
  static float of(float[] a, int i) {
    FloatVector s = FloatVector.fromArray(Lanes.F, a, i);
    if (N > 8) s = s.add(s.rearrange(EIGHT));
    if (N > 4) s = s.add(s.rearrange(FOUR));
    if (N > 2) s = s.add(s.rearrange(TWO));
    if (N > 1) s = s.add(s.rearrange(ONE));
    return s.lane(0);
  }

  /** Returns the sum: lanes eight apart first, neighbours last. */
  static float of(FloatVector v) {
    FloatVector s = v;
    if (N > 8) s = s.add(s.rearrange(EIGHT));
    if (N > 4) s = s.add(s.rearrange(FOUR));
    if (N > 2) s = s.add(s.rearrange(TWO));
    if (N > 1) s = s.add(s.rearrange(ONE));
    return s.lane(0);
  }
}
