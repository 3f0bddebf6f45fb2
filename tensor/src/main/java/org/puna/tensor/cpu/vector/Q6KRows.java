package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    byte[] copy = w.asSlice(offset, n / 256L * BLOCK).toArray(ValueLayout.JAVA_BYTE);
    for (int nibble = 0; nibble < 2; nibble++) decode(copy, dst, at, n / 256, nibble);
  }

  // A part is a sub-block s and its neighbour s + 2 in one nibble of the same 32 bytes. All four
  // sub-blocks that share bytes at once are more than the compiler expands.

  private static void decode(byte[] w, float[] dst, int at, int blocks, int nibble) {
    for (int p = 0; p < 4 * blocks; p++) {
      int o = (p >> 2) * BLOCK;
      int part = p & 3;
      int s = (part >> 1) * 8 + (part & 1) + 4 * nibble;
      int lows = o + (part >> 1) * 64 + (part & 1) * 16;
      int highs = o + HIGH + part * 16;
      int to = at + (p >> 2) * 256 + 16 * s;
      float d = half(w, o + FACTOR);
      float d0 = d * w[o + SCALES + s];
      float d1 = d * w[o + SCALES + s + 2];
      for (int u = 0; u < 16; u += Lanes.N) {
        IntVector a = Lanes.bytes(w, lows + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector b = Lanes.bytes(w, lows + 32 + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector h = Lanes.bytes(w, highs + u).lanewise(LSHR, 4 * nibble);
        IntVector q0 = a.or(h.and(3).lanewise(LSHL, 4)).sub(32);
        IntVector q1 = b.or(h.and(12).lanewise(LSHL, 2)).sub(32);
        Lanes.floats(q0).mul(d0).intoArray(dst, to + u);
        Lanes.floats(q1).mul(d1).intoArray(dst, to + 32 + u);
      }
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    int piece = room.bytes.length / BLOCK;
    int blocks = n / 256;
    float sum = 0;
    for (int i = 0; i < blocks; i += piece) {
      int m = Math.min(piece, blocks - i);
      long from = offset + (long) i * BLOCK;
      MemorySegment.copy(w, ValueLayout.JAVA_BYTE, from, room.bytes, 0, m * BLOCK);
      scales(room.bytes, m, room.floats);
      for (int nibble = 0; nibble < 2; nibble++) {
        sum += dot(room.bytes, x, xAt + 256 * i, m, room.floats, nibble);
      }
    }
    return sum;
  }

  /** Multiplies every scale with its factor: the product then needs no conversions between. */
  private static void scales(byte[] w, int blocks, float[] scales) {
    for (int block = 0; block < blocks; block++) {
      float d = half(w, block * BLOCK + FACTOR);
      int from = block * BLOCK + SCALES;
      for (int i = 0; i < 16; i++) scales[16 * block + i] = d * w[from + i];
    }
  }

  private static float dot(byte[] w, float[] x, int xAt, int blocks, float[] scales, int nibble) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    for (int p = 0; p < 4 * blocks; p++) {
      int o = (p >> 2) * BLOCK;
      int part = p & 3;
      int s = (part >> 1) * 8 + (part & 1) + 4 * nibble;
      int lows = o + (part >> 1) * 64 + (part & 1) * 16;
      int highs = o + HIGH + part * 16;
      int from = xAt + (p >> 2) * 256 + 16 * s;
      int scale = (p >> 2) * 16 + s;
      for (int u = 0; u < 16; u += Lanes.N) {
        IntVector a = Lanes.bytes(w, lows + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector b = Lanes.bytes(w, lows + 32 + u).lanewise(LSHR, 4 * nibble).and(15);
        IntVector h = Lanes.bytes(w, highs + u).lanewise(LSHR, 4 * nibble);
        IntVector q0 = a.or(h.and(3).lanewise(LSHL, 4)).sub(32);
        IntVector q1 = b.or(h.and(12).lanewise(LSHL, 2)).sub(32);
        acc0 = Lanes.floats(q0).mul(at(x, from + u)).fma(all(scales[scale]), acc0);
        acc1 = Lanes.floats(q1).mul(at(x, from + 32 + u)).fma(all(scales[scale + 2]), acc1);
      }
    }
    return LaneSum.of(acc0.add(acc1));
  }

  private static float half(byte[] w, int at) {
    return Float.float16ToFloat((short) (w[at] & 0xff | w[at + 1] << 8));
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(Lanes.F, x, i);
  }

  private static FloatVector all(float v) {
    return FloatVector.broadcast(Lanes.F, v);
  }
}
