package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * 256 numbers as a half-precision scale {@code d} and base-3 digits for −1, 0 and 1, five to a
 * byte: {@code x = d · (digit − 1)}. A byte holds the digits' number as a fraction of 243, so that
 * multiplying by 3 moves the next digit out at the top.
 */
final class TQ1_0 extends Blocks {
  /** The three runs of bytes: where each starts, its length, and the digits in each byte. */
  private static final int[][] RUNS = {{0, 32, 5}, {32, 16, 5}, {48, 4, 4}};

  TQ1_0() {
    super("TQ1_0", 34, 256, 54);
  }

  @Override
  void decodeBlock(MemorySegment src, long offset, float[] dst, int at) {
    float d = LittleEndian.half(src, offset + 52);
    int out = at;
    for (int[] run : RUNS) {
      int power = 1;
      for (int digit = 0; digit < run[2]; digit++) {
        for (int j = 0; j < run[1]; j++) {
          int rest = LittleEndian.u8(src, offset + run[0] + j) * power & 0xff;
          dst[out++] = d * ((rest * 3 >> 8) - 1);
        }
        power *= 3;
      }
    }
  }

  @Override
  void encodeBlock(float[] src, int at, MemorySegment dst, long offset) {
    float d = SimpleScale.absMax(src, at, 256);
    float inverse = SimpleScale.inverse(d);
    int in = at;
    for (int[] run : RUNS) {
      for (int j = 0; j < run[1]; j++) {
        int number = 0;
        for (int digit = 0; digit < 5; digit++) {
          // The last run has four digits a byte and leaves the fifth 0.
          int code =
              digit < run[2] ? SimpleScale.nearest(src[in + digit * run[1] + j], inverse) + 1 : 0;
          number = number * 3 + code;
        }
        LittleEndian.put8(dst, offset + run[0] + j, (number * 256 + 242) / 243);
      }
      in += run[1] * run[2];
    }
    LittleEndian.put16(dst, offset + 52, Half.fromFloat(d));
  }
}
