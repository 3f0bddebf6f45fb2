package org.puna.tensor.cpu.vector;

import static org.puna.tensor.cpu.vector.Lanes.all;
import static org.puna.tensor.cpu.vector.Lanes.at;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of Q4_K: 144 bytes hold two half-precision factors, eight 6-bit scales and minima in twelve
 * bytes, and 256 nibbles.
 */
final class Q4KRows implements SixBitRows {
  private static final int BLOCK = 144;
  private static final int CODES = 16;

  // Constants of the class: broadcasts in a loop's method bring it nearer to what the compiler
  // expands.
  private static final IntVector LOWER = IntVector.broadcast(Lanes.I, 0xf);
  private static final IntVector UPPER = IntVector.broadcast(Lanes.I, 0xf0);

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales of) {
    float[] scales = of.scales;
    for (int pair = 0; pair < n / 64; pair++) {
      long codes = offset + CODES + pair * 32L + (pair >> 2) * 16L;
      int s = pair * 2 + (pair >> 2) * 8;
      FloatVector scale0 = all(scales[s]);
      FloatVector scale1 = all(scales[s + 1]);
      FloatVector min0 = all(scales[s + 8]);
      FloatVector min1 = all(scales[s + 9]);
      for (int u = 0; u < 32; u += Lanes.N) {
        int to = at + pair * 64 + u;
        IntVector q = Lanes.anyBytes(w, codes + u);
        Lanes.floats(q.and(15)).mul(scale0).sub(min0).intoArray(dst, to);
        Lanes.floats(q.and(0xf0)).mul(scale1).sub(min1).intoArray(dst, to + 32);
      }
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public int rows() {
    return 3;
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      Scales[] scales,
      float[] sums) {
    float[] scales0 = scales[0].scales;
    float[] scales1 = scales[1].scales;
    float[] scales2 = scales[2].scales;
    long second = first + apart;
    long third = second + apart;
    FloatVector acc0 = at(sums, 0);
    FloatVector acc1 = at(sums, Lanes.N);
    FloatVector acc2 = at(sums, 2 * Lanes.N);
    // One loop over all pairs of parts: a short loop inside a long one costs more than its checks.
    for (int pair = 0; pair < n / 64; pair++) {
      long codes = CODES + pair * 32L + (pair >> 2) * 16L;
      FloatVector even0 = FloatVector.zero(Lanes.F);
      FloatVector odd0 = even0;
      FloatVector even1 = even0;
      FloatVector odd1 = even0;
      FloatVector even2 = even0;
      FloatVector odd2 = even0;
      for (int u = 0; u < 32; u += Lanes.N) {
        FloatVector low = at(x, pair * 64 + u);
        FloatVector high = at(x, pair * 64 + 32 + u);
        IntVector q0 = Lanes.anyBytes(w, first + codes + u);
        even0 = Lanes.floats(q0.and(LOWER)).fma(low, even0);
        odd0 = Lanes.floats(q0.and(UPPER)).fma(high, odd0);
        IntVector q1 = Lanes.anyBytes(w, second + codes + u);
        even1 = Lanes.floats(q1.and(LOWER)).fma(low, even1);
        odd1 = Lanes.floats(q1.and(UPPER)).fma(high, odd1);
        IntVector q2 = Lanes.anyBytes(w, third + codes + u);
        even2 = Lanes.floats(q2.and(LOWER)).fma(low, even2);
        odd2 = Lanes.floats(q2.and(UPPER)).fma(high, odd2);
      }
      int s = pair * 2 + (pair >> 2) * 8;
      acc0 = even0.fma(all(scales0[s]), acc0);
      acc0 = odd0.fma(all(scales0[s + 1]), acc0);
      acc1 = even1.fma(all(scales1[s]), acc1);
      acc1 = odd1.fma(all(scales1[s + 1]), acc1);
      acc2 = even2.fma(all(scales2[s]), acc2);
      acc2 = odd2.fma(all(scales2[s + 1]), acc2);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, Lanes.N);
    acc2.intoArray(sums, 2 * Lanes.N);
  }

  /** Returns the eight scales, a byte each, lowest first. */
  static long scales(MemorySegment w, long at) {
    int a = Lanes.word(w, at);
    int c = Lanes.word(w, at + 8);
    return join(a & 0x3f3f3f3f, c & 0x0f0f0f0f | a >>> 2 & 0x30303030);
  }

  /** Returns the eight minima, a byte each, lowest first. */
  static long mins(MemorySegment w, long at) {
    int b = Lanes.word(w, at + 4);
    int c = Lanes.word(w, at + 8);
    return join(b & 0x3f3f3f3f, c >>> 4 & 0x0f0f0f0f | b >>> 2 & 0x30303030);
  }

  private static long join(int low, int high) {
    return low | (long) high << 32;
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, Scales to) {
    readScales(w, offset, n, to);
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, Scales of) {
    int block = i >> 8;
    int part = i >> 5 & 7;
    long codes = row + (long) block * BLOCK + CODES + (part >> 1) * 32L + (i & 31);
    int s = 16 * block + part;
    IntVector q = Lanes.anyBytes(w, codes).and((part & 1) == 0 ? 0xf : 0xf0);
    return Lanes.floats(q).fma(all(of.scales[s]), all(-of.scales[s + 8]));
  }
}
