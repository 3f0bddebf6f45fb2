package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

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
    long o = offset;
    for (int i = at; i < at + n; i += 256) {
      float d = Lanes.half(w, o + FACTOR);
      for (int half = 0; half < 2; half++) {
        long scales = scales(w, o + SCALES + (half << 3));
        for (int c = 0; c < 32; c += Lanes.BYTES) {
          ByteVector a = Lanes.bytes(w, o + (half << 6) + c);
          ByteVector b = Lanes.bytes(w, o + (half << 6) + 32 + c);
          ByteVector h = Lanes.bytes(w, o + HIGH + (half << 5) + c);
          int to = i + 128 * half + c;
          int s = c / 16;
          Lanes.storeScaled(first(a, h), broadcast(d * byteOf(scales, s)), dst, to);
          Lanes.storeScaled(second(b, h), broadcast(d * byteOf(scales, s + 2)), dst, to + 32);
          Lanes.storeScaled(third(a, h), broadcast(d * byteOf(scales, s + 4)), dst, to + 64);
          Lanes.storeScaled(fourth(b, h), broadcast(d * byteOf(scales, s + 6)), dst, to + 96);
        }
      }
      o += BLOCK;
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, float[] scratch) {
    FloatVector acc = FloatVector.zero(Lanes.F);
    FloatVector zero = acc;
    long o = offset;
    for (int i = xAt; i < xAt + n; i += 256) {
      float d = Lanes.half(w, o + FACTOR);
      for (int half = 0; half < 2; half++) {
        long scales = scales(w, o + SCALES + (half << 3));
        for (int c = 0; c < 32; c += Lanes.BYTES) {
          ByteVector a = Lanes.bytes(w, o + (half << 6) + c);
          ByteVector b = Lanes.bytes(w, o + (half << 6) + 32 + c);
          ByteVector h = Lanes.bytes(w, o + HIGH + (half << 5) + c);
          int from = i + 128 * half + c;
          int s = c / 16;
          FloatVector p0 = Lanes.addProducts(first(a, h), x, from, zero);
          FloatVector p1 = Lanes.addProducts(second(b, h), x, from + 32, zero);
          FloatVector p2 = Lanes.addProducts(third(a, h), x, from + 64, zero);
          FloatVector p3 = Lanes.addProducts(fourth(b, h), x, from + 96, zero);
          acc = p0.fma(broadcast(d * byteOf(scales, s)), acc);
          acc = p1.fma(broadcast(d * byteOf(scales, s + 2)), acc);
          acc = p2.fma(broadcast(d * byteOf(scales, s + 4)), acc);
          acc = p3.fma(broadcast(d * byteOf(scales, s + 6)), acc);
        }
      }
      o += BLOCK;
    }
    return acc.reduceLanes(VectorOperators.ADD);
  }

  // The four codes of a column of 32: low nibbles of a and b, then high ones, with the pairs of h.

  private static ByteVector first(ByteVector a, ByteVector h) {
    return centre(Lanes.low(a), Lanes.shiftLeft(h, 4));
  }

  private static ByteVector second(ByteVector b, ByteVector h) {
    return centre(Lanes.low(b), Lanes.shiftLeft(h, 2));
  }

  private static ByteVector third(ByteVector a, ByteVector h) {
    return centre(Lanes.high(a), h);
  }

  private static ByteVector fourth(ByteVector b, ByteVector h) {
    return centre(Lanes.high(b), Lanes.shiftRight(h, 2));
  }

  private static ByteVector centre(ByteVector low, ByteVector high) {
    return low.or(high.and((byte) 0x30)).sub((byte) 32);
  }

  private static long scales(MemorySegment w, long at) {
    return Lanes.word(w, at) & 0xffffffffL | (long) Lanes.word(w, at + 4) << 32;
  }

  private static float byteOf(long bytes, int i) {
    return (byte) (bytes >>> 8 * i);
  }

  private static FloatVector broadcast(float v) {
    return FloatVector.broadcast(Lanes.F, v);
  }
}
