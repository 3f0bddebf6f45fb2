package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Rows of Q4_K: 144 bytes hold two half-precision factors, eight 6-bit scales and minima in twelve
 * bytes, and 256 nibbles.
 */
final class Q4KRows implements StoredRows {
  private static final int BLOCK = 144;
  private static final int CODES = 16;

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    long o = offset;
    for (int i = at; i < at + n; i += 256) {
      float d = Lanes.half(w, o);
      float dMin = Lanes.half(w, o + 2);
      long scales = scales(w, o + 4);
      long mins = mins(w, o + 4);
      for (int pair = 0; pair < 4; pair++) {
        FloatVector scale0 = broadcast(d * byteOf(scales, 2 * pair));
        FloatVector scale1 = broadcast(d * byteOf(scales, 2 * pair + 1));
        FloatVector min0 = broadcast(dMin * byteOf(mins, 2 * pair));
        FloatVector min1 = broadcast(dMin * byteOf(mins, 2 * pair + 1));
        int to = i + 64 * pair;
        long codes = o + CODES + (pair << 5);
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q = Lanes.bytes(w, codes + u);
          IntVector high = q.lanewise(VectorOperators.LSHR, 4);
          Lanes.floats(q.and(15)).mul(scale0).sub(min0).intoArray(dst, to + u);
          Lanes.floats(high).mul(scale1).sub(min1).intoArray(dst, to + 32 + u);
        }
      }
      o += BLOCK;
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    float below = 0;
    long o = offset;
    for (int i = xAt; i < xAt + n; i += 256) {
      float d = Lanes.half(w, o);
      float dMin = Lanes.half(w, o + 2);
      long scales = scales(w, o + 4);
      long mins = mins(w, o + 4);
      for (int pair = 0; pair < 4; pair++) {
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        int from = i + 64 * pair;
        long codes = o + CODES + (pair << 5);
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q = Lanes.bytes(w, codes + u);
          IntVector high = q.lanewise(VectorOperators.LSHR, 4);
          even = Lanes.floats(q.and(15)).fma(FloatVector.fromArray(Lanes.F, x, from + u), even);
          odd = Lanes.floats(high).fma(FloatVector.fromArray(Lanes.F, x, from + 32 + u), odd);
        }
        acc = even.fma(broadcast(d * byteOf(scales, 2 * pair)), acc);
        acc = odd.fma(broadcast(d * byteOf(scales, 2 * pair + 1)), acc);
        below = Math.fma(dMin * byteOf(mins, 2 * pair), sums[from / 32], below);
        below = Math.fma(dMin * byteOf(mins, 2 * pair + 1), sums[from / 32 + 1], below);
      }
      o += BLOCK;
    }
    return LaneSum.of(acc) - below;
  }

  @Override
  public boolean needsSums() {
    return true;
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

  /** Returns byte i of eight. */
  static float byteOf(long bytes, int i) {
    return (int) (bytes >>> 8 * i) & 0xff;
  }

  private static FloatVector broadcast(float v) {
    return FloatVector.broadcast(Lanes.F, v);
  }
}
