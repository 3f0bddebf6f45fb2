package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/** 32 numbers as a half-precision scale {@code d} and signed bytes: {@code x = q · d}. */
final class Q8_0 extends Blocks {
  Q8_0() {
    super("Q8_0", 8, 32, 34);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset);
    for (int i = 0; i < 32; i++) dst[at + i] = LittleEndian.i8(src, offset + 2 + i) * d;
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float d = SimpleScale.absMax(src, at, 32) / 127;
    float inverse = SimpleScale.inverse(d);
    LittleEndian.put16(dst, offset, Half.fromFloat(d));
    for (int i = 0; i < 32; i++) {
      LittleEndian.put8(dst, offset + 2 + i, SimpleScale.nearest(src[at + i], inverse));
    }
  }
}
