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

  /** The low four bits of four codes, and their two high bits. */
  private static final int LOW = 0x0f0f0f0f;

  private static final int PAIR = 0x30303030;

  // Constants of the class: as broadcasts in the loop's method they were more than the compiler
  // expands.
  private static final IntVector LOWER = IntVector.broadcast(Lanes.I, 0xf);
  private static final IntVector UPPER = IntVector.broadcast(Lanes.I, 0xf0);
  private static final IntVector TOP_OF_LOWER = IntVector.broadcast(Lanes.I, 0x30);
  private static final IntVector TOP_OF_UPPER = IntVector.broadcast(Lanes.I, 0x300);

  /**
   * For each scale of a block 1, or 1/16 where its codes are upper nibbles, left where they are.
   */
  private static final float[] SIXTEENTHS = new float[16];

  static {
    for (int i = 0; i < 16; i++) SIXTEENTHS[i] = (i & 4) == 0 ? 1 : 1 / 16f;
  }

  @Override
  public void start(float[] prepared, int n, Scales scales, float[] sums, int at) {
    scales.multiply(prepared, n / 16, sums, at);
  }

  /** Reads the scales, for upper nibbles those of the sixteenfold codes. */
  @Override
  public void readScales(MemorySegment w, long offset, int n, Scales to) {
    to.reserve(n / 16);
    for (int b = 0; b < n / 256; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.half(w, o + FACTOR));
      for (int u = 0; u < 16; u += Lanes.N) {
        FloatVector code = Lanes.signedBytes(w, o + SCALES + u);
        code.mul(d).mul(at(SIXTEENTHS, u)).intoArray(to.scales, 16 * b + u);
      }
    }
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, Scales of) {
    float[] scales = of.scales;
    // Every second 32 numbers at a time: all four would be more than the compiler expands.
    for (int part = 0; part < 2; part++) {
      for (int half = 0; half < n / 128; half++) {
        long o = offset + (long) (half >> 1) * BLOCK;
        long lows = o + (half & 1) * 64L + part * 32L;
        long highs = o + HIGH + (half & 1) * 32L;
        for (int u = 0; u < 32; u += Lanes.N) {
          IntVector q = Lanes.anyBytes(w, lows + u);
          IntVector h = Lanes.anyBytes(w, highs + u).lanewise(LSHL, 4 - 2 * part);
          int to = at + half * 128 + part * 32 + u;
          int s = half * 8 + part * 2 + u / 16;
          IntVector lower = q.and(0xf).or(h.and(0x30)).sub(32);
          Lanes.floats(lower).mul(scales[s]).intoArray(dst, to);
          IntVector upper = q.and(0xf0).or(h.and(0x300)).sub(512);
          Lanes.floats(upper).mul(scales[s + 4]).intoArray(dst, to + 64);
        }
      }
    }
  }

  @Override
  public int prepared(int n) {
    return n / 16;
  }

  /**
   * Codes have their zero at 32, sixteenfold ones at 512: what they are too much, for each scale.
   */
  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    for (int g = 0; g < n / 16; g++) {
      float sum = 0;
      for (int i = 16 * g; i < 16 * g + 16; i++) sum += x[i];
      prepared[g] = -32 / SIXTEENTHS[g % 16] * sum;
    }
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
    float[] of = scales[0].scales;
    FloatVector acc0 = at(sums, 0);
    FloatVector acc1 = FloatVector.zero(Lanes.F);
    for (int half = 0; half < n / 128; half++) {
      long o = first + (long) (half >> 1) * BLOCK;
      long lows = o + (half & 1) * 64L;
      long highs = o + HIGH + (half & 1) * 32L;
      for (int u = 0; u < 32; u += Lanes.N) {
        IntVector a = Lanes.anyBytes(w, lows + u);
        IntVector b = Lanes.anyBytes(w, lows + 32 + u);
        IntVector h = Lanes.anyBytes(w, highs + u);
        IntVector ha = h.lanewise(LSHL, 4);
        IntVector hb = h.lanewise(LSHL, 2);
        int i = half * 128 + u;
        int s = half * 8 + u / 16;
        IntVector q0 = a.and(LOWER).or(ha.and(TOP_OF_LOWER));
        acc0 = Lanes.floats(q0).mul(at(x, i)).fma(all(of[s]), acc0);
        IntVector q1 = b.and(LOWER).or(hb.and(TOP_OF_LOWER));
        acc1 = Lanes.floats(q1).mul(at(x, i + 32)).fma(all(of[s + 2]), acc1);
        IntVector q2 = a.and(UPPER).or(ha.and(TOP_OF_UPPER));
        acc0 = Lanes.floats(q2).mul(at(x, i + 64)).fma(all(of[s + 4]), acc0);
        IntVector q3 = b.and(UPPER).or(hb.and(TOP_OF_UPPER));
        acc1 = Lanes.floats(q3).mul(at(x, i + 96)).fma(all(of[s + 6]), acc1);
      }
    }
    acc0.add(acc1).intoArray(sums, 0);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, Scales to) {
    readScales(w, offset, n, to);
    to.reserveCodes(n);
    readCodes(w, offset, n, to.codes);
  }

  /** Unpacks codes, a byte each. */
  private static void readCodes(MemorySegment w, long offset, int n, byte[] to) {
    for (int half = 0; half < n / 128; half++) {
      long o = offset + (long) (half >> 1) * BLOCK;
      long lows = o + (half & 1) * 64L;
      long highs = o + HIGH + (half & 1) * 32L;
      for (int u = 0; u < 32; u += 4 * Lanes.C.length()) {
        IntVector a = Lanes.codes(w, lows + u);
        IntVector b = Lanes.codes(w, lows + 32 + u);
        IntVector h = Lanes.codes(w, highs + u);
        int at = half * 128 + u;
        IntVector q0 = a.and(LOW).or(h.lanewise(LSHL, 4).and(PAIR));
        q0.reinterpretAsBytes().intoArray(to, at);
        IntVector q1 = b.and(LOW).or(h.lanewise(LSHL, 2).and(PAIR));
        q1.reinterpretAsBytes().intoArray(to, at + 32);
        IntVector q2 = a.lanewise(LSHR, 4).and(LOW).or(h.and(PAIR));
        q2.reinterpretAsBytes().intoArray(to, at + 64);
        IntVector q3 = b.lanewise(LSHR, 4).and(LOW).or(h.lanewise(LSHR, 2).and(PAIR));
        q3.reinterpretAsBytes().intoArray(to, at + 96);
      }
    }
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, Scales of) {
    float scale = of.scales[i >> 4] * (1 + (i >> 6 & 1) * 15);
    return Lanes.signedBytes(of.codes, i).fma(all(scale), all(-32 * scale));
  }
}
