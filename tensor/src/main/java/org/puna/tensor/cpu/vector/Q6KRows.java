package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q6_K: 210 bytes hold 256 low nibbles, 256 high pairs, sixteen signed scales and a
 * half-precision factor.
 */
final class Q6KRows implements StoredRows {
  private static final int BLOCK = 210;
  private static final int HIGH = 128;
  private static final int SCALES = 192;
  private static final int FACTOR = 208;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales room) {
    readScales(w, offset, n, room);
    for (int nibble = 0; nibble < 2; nibble++) {
      decode(w, offset, dst, at, n / 256, room.scales, nibble);
    }
  }

  private static void decode(
      MemorySegment w, long offset, float[] dst, int at, int blocks, float[] scales, int nibble) {
    for (int half = 0; half < 2 * blocks; half++) {
      long o = offset + (long) (half >> 1) * BLOCK;
      long lows = o + (half & 1) * 64L;
      long highs = o + HIGH + (half & 1) * 32L;
      for (int u = 0; u < 32; u += Lanes.N) {
        IntVector a = Lanes.bytes(w, lows + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector b = Lanes.bytes(w, lows + 32 + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector h = Lanes.bytes(w, highs + u).lanewise(LSHR, 4 * nibble);
        int to = at + half * 128 + nibble * 64 + u;
        int s = half * 8 + nibble * 4 + u / 16;
        IntVector q0 = a.or(h.and(3).lanewise(LSHL, 4)).sub(32);
        Lanes.floats(q0).mul(scales[s]).intoArray(dst, to);
        IntVector q1 = b.or(h.and(12).lanewise(LSHL, 2)).sub(32);
        Lanes.floats(q1).mul(scales[s + 2]).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public int prepared(int n) {
    return n / 16;
  }

  /** Codes have their zero at 32: what they are too much, for each scale. */
  @Override
  public void prepare(float[] x, int n, float[] sums) {
    for (int g = 0; g < n / 16; g++) {
      float sum = 0;
      for (int i = 16 * g; i < 16 * g + 16; i++) sum += x[i];
      sums[g] = -32 * sum;
    }
  }

  @Override
  public void readScales(MemorySegment w, long offset, int n, Scales to) {
    to.reserve(n / 16);
    for (int b = 0; b < n / 256; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.half(w, o + FACTOR));
      for (int u = 0; u < 16; u += Lanes.N) {
        Lanes.signedBytes(w, o + SCALES + u).mul(d).intoArray(to.scales, 16 * b + u);
      }
    }
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long second,
      float[] x,
      float[] sums,
      int n,
      Scales a,
      Scales b,
      float[] y,
      int i,
      int j) {
    // One call in a loop: expanded more than once it would be more than the compiler expands.
    for (int r = 0; r < 2; r++) {
      float[] scales = (r == 0 ? a : b).scales;
      float sum = FloatDots.dot(scales, 0, sums, 0, n / 16);
      for (int nibble = 0; nibble < 2; nibble++) {
        sum += dot(w, r == 0 ? first : second, x, n / 256, scales, nibble);
      }
      y[r == 0 ? i : j] = sum;
    }
  }

  private static float dot(
      MemorySegment w, long offset, float[] x, int blocks, float[] scales, int nibble) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    for (int half = 0; half < 2 * blocks; half++) {
      long o = offset + (long) (half >> 1) * BLOCK;
      long lows = o + (half & 1) * 64L;
      long highs = o + HIGH + (half & 1) * 32L;
      for (int u = 0; u < 32; u += Lanes.N) {
        IntVector a = Lanes.bytes(w, lows + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector b = Lanes.bytes(w, lows + 32 + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector h = Lanes.bytes(w, highs + u).lanewise(LSHR, 4 * nibble);
        int i = half * 128 + nibble * 64 + u;
        int s = half * 8 + nibble * 4 + u / 16;
        IntVector q0 = a.or(h.and(3).lanewise(LSHL, 4));
        acc0 = Lanes.floats(q0).mul(at(x, i)).fma(all(scales[s]), acc0);
        IntVector q1 = b.or(h.and(12).lanewise(LSHL, 2));
        acc1 = Lanes.floats(q1).mul(at(x, i + 32)).fma(all(scales[s + 2]), acc1);
      }
    }
    return LaneSum.of(acc0.add(acc1));
  }
}
