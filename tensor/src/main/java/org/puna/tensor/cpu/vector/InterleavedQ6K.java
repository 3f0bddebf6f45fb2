package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.puna.tensor.quant.BlockFormat;

/**
 * Interleaved rows of Q6_K: for 256 numbers 16 times two words of nibbles and one of their upper
 * two bits, a factor, and 16 signed scales in bytes.
 */
final class InterleavedQ6K extends Interleaved {
  /** Four words of nibbles of each kind have four scales: of lower and of upper ones. */
  private static final int SCALES = 192;

  /** Of 64 numbers, whose words come by two; the second one's parts follow the first one's. */
  private static final Parts PARTS = new Parts(6, 4, 1);

  private static final int[] SCALE_OF = {0, 4, 2, 6};

  InterleavedQ6K(BlockFormat format) {
    super(format, words(), new int[] {208}, 16, InterleavedQ6K::column, InterleavedQ6K::part, -32);
  }

  private static int[] words() {
    int[] words = new int[48];
    for (int u = 0; u < 16; u++) {
      int half = u / 8;
      int word = u % 8 * 4;
      words[3 * u] = 64 * half + word;
      words[3 * u + 1] = 64 * half + 32 + word;
      words[3 * u + 2] = 128 + 32 * half + word;
    }
    return words;
  }

  /** Returns the column of a number in the order of codes. */
  private static int column(int i) {
    int unit = i / 16;
    return unit / 8 * 128 + unit % 8 * 4 + i % 8 / 2 + 32 * (i >> 3 & 1) + 64 * (i & 1);
  }

  private static int part(int i) {
    return PARTS.of(i) + 2 * (i >> 3 & 1);
  }

  @Override
  InterleavedProduct product(int rows) {
    return InterleavedProduct.ofSixBits(rows, PARTS);
  }

  @Override
  byte scale(MemorySegment w, long block, int i) {
    int of = i / 8 * 8 + i / 4 % 2 + SCALE_OF[i & 3];
    return w.get(ValueLayout.JAVA_BYTE, block + SCALES + of);
  }

  @Override
  void readScales(MemorySegment w, long at, int k, float[] scales, float[] minima) {
    for (int b = 0; b < k / 256; b++) {
      long o = at + b * 18L * N;
      readHalves(w, o, scales, b * 16 * N);
      FloatVector d = FloatVector.fromArray(Lanes.F, scales, b * 16 * N);
      for (int i = 0; i < 16; i++) {
        ((FloatVector)
                ByteVector.fromMemorySegment(Lanes.B, w, o + (2L + i) * N, Lanes.LE)
                    .castShape(Lanes.F, 0))
            .mul(d)
            .intoArray(scales, (b * 16 + i) * N);
      }
    }
  }

  @Override
  Int8Product int8Product() {
    return new Int8BySixBits();
  }

  @Override
  void unpack(MemorySegment w, long at, int k, int[] codes, int to) {
    for (int i = 0; i < k / 16; i++) {
      long in = at + i * 12L * N;
      IntVector p = IntVector.fromMemorySegment(Lanes.I, w, in, Lanes.LE);
      IntVector q = IntVector.fromMemorySegment(Lanes.I, w, in + 4L * N, Lanes.LE);
      IntVector h = IntVector.fromMemorySegment(Lanes.I, w, in + 8L * N, Lanes.LE);
      // Four of these have eight pairs of each of four parts.
      int o = to + ((i >> 2) * 32 + (i & 3) * 2) * N;
      IntVector bytes = p.and(Words.NIBBLES).or(h.lanewise(LSHL, 4).and(Words.PAIRS));
      bytes.and(Words.BYTE_HALVES).intoArray(codes, o);
      bytes.lanewise(LSHR, 8).and(Words.BYTE_HALVES).intoArray(codes, o + N);
      bytes = p.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.and(Words.PAIRS));
      bytes.and(Words.BYTE_HALVES).intoArray(codes, o + 8 * N);
      bytes.lanewise(LSHR, 8).and(Words.BYTE_HALVES).intoArray(codes, o + 9 * N);
      bytes = q.and(Words.NIBBLES).or(h.lanewise(LSHL, 2).and(Words.PAIRS));
      bytes.and(Words.BYTE_HALVES).intoArray(codes, o + 16 * N);
      bytes.lanewise(LSHR, 8).and(Words.BYTE_HALVES).intoArray(codes, o + 17 * N);
      bytes = q.lanewise(LSHR, 4).and(Words.NIBBLES).or(h.lanewise(LSHR, 2).and(Words.PAIRS));
      bytes.and(Words.BYTE_HALVES).intoArray(codes, o + 24 * N);
      bytes.lanewise(LSHR, 8).and(Words.BYTE_HALVES).intoArray(codes, o + 25 * N);
    }
  }
}
