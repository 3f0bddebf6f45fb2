package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers as a half-precision scale {@code d} and codes of two bits for −1, 0 and 1: {@code x =
 * d · (q − 1)}. Byte j of each 32 holds numbers j, j + 32, j + 64 and j + 96 of 128.
 */
final class TQ2_0 extends Blocks {
  TQ2_0() {
    super("TQ2_0", 35, 256, 66);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset + 64);
    for (int half = 0; half < 2; half++) {
      int codes = half * 32;
      for (int plane = 0; plane < 4; plane++) {
        for (int j = 0; j < 32; j++) {
          int q = LittleEndian.i8(src, offset + codes + j) >> 2 * plane & 3;
          dst[at + half * 128 + plane * 32 + j] = d * (q - 1);
        }
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float d = SimpleScale.absMax(src, at, 256);
    float inverse = SimpleScale.inverse(d);
    for (int half = 0; half < 2; half++) {
      int codes = half * 32;
      for (int j = 0; j < 32; j++) {
        int packed = 0;
        for (int plane = 0; plane < 4; plane++) {
          float x = src[at + half * 128 + plane * 32 + j];
          packed |= SimpleScale.nearest(x, inverse) + 1 << 2 * plane;
        }
        LittleEndian.put8(dst, offset + codes + j, packed);
      }
    }
    LittleEndian.put16(dst, offset + 64, Half.fromFloat(d));
  }
}
