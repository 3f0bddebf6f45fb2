package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static org.puna.tensor.cpu.vector.Lanes.all;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Rows of Q4_0: 18 bytes hold a half-precision scale and 32 nibbles around 8. */
final class Q4Rows implements StoredRows {
  private static final int BLOCK = 18;

  /** Numbers of four blocks. */
  private static final int GROUP = 128;

  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int N = Lanes.N;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;

  // Where the 16-bit words of four blocks, nine each, lie in their first and their last 64 bytes:
  // AVX-512 picks such words out of two vectors with one instruction, bytes only with VBMI.
  private static final ShortVector CODES = places(i -> i / 8 * 9 + 1 + i % 8);

  /** A scale is the upper half of each of four words, over bits that are masked. */
  private static final ShortVector SCALES = places(i -> i / 8 * 9);

  /** Of half precision, thirteen bits further up, what is not sign over sign. */
  private static final int WITHOUT_EXPONENT = 0x8fffe000;

  /** The exponent of infinities and NaN. */
  private static final int SPECIAL = 0x70000000;

  private static final IntVector LOWER = IntVector.broadcast(Lanes.I, 0xf);

  /** The bits of a lower and of an upper nibble, and what they count where they lie. */
  private static final int[] MASKS = {0xf, 0xf0};

  private static final float[] FACTORS = {1, 1 / 16f};

  private static ShortVector places(IntUnaryOperator place) {
    int lanes = S.length();
    short[] at = new short[lanes];
    for (int i = 0; i < lanes; i++) {
      int p = place.applyAsInt(i);
      at[i] = (short) (p < lanes ? p : p - (2 * BLOCK - lanes) + lanes);
    }
    return ShortVector.fromArray(S, at, 0);
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    for (int b = 0; b < n / 32; b++) {
      long o = offset + (long) b * BLOCK;
      FloatVector d = all(Lanes.tableHalf(w, o));
      for (int u = 0; u < 16; u += Lanes.N) {
        int to = at + b * 32 + u;
        IntVector q =
            N < 8
                ? Lanes.anyBytes(w, o + 2 + u)
                : (IntVector)
                    ByteVector.fromMemorySegment(Lanes.B, w, o + 2 + u, LE).castShape(Lanes.I, 0);
        IntVector high = q.lanewise(VectorOperators.LSHR, 4).and(15);
        Lanes.floats(q.and(15).sub(8)).mul(d).intoArray(dst, to);
        Lanes.floats(high.sub(8)).mul(d).intoArray(dst, to + 16);
      }
    }
  }

  @Override
  public int rows() {
    return N == 8 ? 3 : 2;
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    if (N == 16) wide(w, first, apart, x, prepared, n, room, sums);
    else if (N == 8) bytes(w, first, apart, prepared, n, sums);
    else words(w, first, apart, prepared, n, sums);
  }

  /**
   * Four blocks at a time: their codes, sixteen words, are picked out of two loads, and so are
   * their scales, each for four lanes.
   */
  private void wide(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    long second = first + apart;
    int whole = n - n % GROUP;
    for (int g = 0; g < whole / GROUP; g++) {
      long o = g * 4L * BLOCK;
      int i = g * GROUP;
      FloatVector least = FloatVector.fromArray(F, prepared, n + g * 16);
      FloatVector v;
      ShortVector front0 = ShortVector.fromMemorySegment(S, w, first + o, LE);
      ShortVector back0 = ShortVector.fromMemorySegment(S, w, first + o + 4 * BLOCK - 64, LE);
      IntVector half0 = SCALES.selectFrom(front0, back0).reinterpretAsInts();
      half0 = half0.lanewise(ASHR, 3).and(WITHOUT_EXPONENT);
      FloatVector scale0 = half0.reinterpretAsFloats().mul(0x1p112f);
      FloatVector special0 = half0.or(SPECIAL).reinterpretAsFloats();
      scale0 = scale0.blend(special0, scale0.abs().compare(GE, 65536f));
      acc0 = scale0.fma(least, acc0);
      IntVector q0 = CODES.selectFrom(front0, back0).reinterpretAsInts();
      ShortVector front1 = ShortVector.fromMemorySegment(S, w, second + o, LE);
      ShortVector back1 = ShortVector.fromMemorySegment(S, w, second + o + 4 * BLOCK - 64, LE);
      IntVector half1 = SCALES.selectFrom(front1, back1).reinterpretAsInts();
      half1 = half1.lanewise(ASHR, 3).and(WITHOUT_EXPONENT);
      FloatVector scale1 = half1.reinterpretAsFloats().mul(0x1p112f);
      FloatVector special1 = half1.or(SPECIAL).reinterpretAsFloats();
      scale1 = scale1.blend(special1, scale1.abs().compare(GE, 65536f));
      acc1 = scale1.fma(least, acc1);
      IntVector q1 = CODES.selectFrom(front1, back1).reinterpretAsInts();
      v = FloatVector.fromArray(F, prepared, i);
      FloatVector low0 = v.mul(q0.and(Words.LOWER0).castShape(F, 0));
      FloatVector low1 = v.mul(q1.and(Words.LOWER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector high0 = v.mul(q0.and(Words.UPPER0).castShape(F, 0));
      FloatVector high1 = v.mul(q1.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      low0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      high0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), high1);
      q0 = q0.lanewise(LSHR, 16);
      q1 = q1.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      low0 = v.fma(q0.and(Words.LOWER0).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER0).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      high0 = v.fma(q0.and(Words.UPPER0).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER0).castShape(F, 0), high1);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      low0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      high0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), high1);
      acc0 = low0.add(high0).fma(scale0, acc0);
      acc1 = low1.add(high1).fma(scale1, acc1);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
    if (whole < n) {
      sums[0] += rest(w, first + whole / 32L * BLOCK, x, whole, n, room);
      sums[N] += rest(w, second + whole / 32L * BLOCK, x, whole, n, room);
    }
  }

  /** A vector of four words is a block's codes. */
  private static void words(
      MemorySegment w, long first, long apart, float[] prepared, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    long second = first + apart;
    for (int i = 0; i < n; i += 32) {
      long o = (long) (i >> 5) * BLOCK;
      // Scales first: behind the products they would be calls, past the compiler's limit of nodes.
      float d0 = Lanes.tableHalf(w, first + o);
      float d1 = Lanes.tableHalf(w, second + o);
      IntVector q0 = IntVector.fromMemorySegment(Lanes.I, w, first + o + 2, LE);
      IntVector q1 = IntVector.fromMemorySegment(Lanes.I, w, second + o + 2, LE);
      FloatVector least = FloatVector.fromArray(F, prepared, n + i / 8);
      FloatVector v;
      v = FloatVector.fromArray(F, prepared, i);
      FloatVector low0 = v.fma(q0.and(Words.LOWER0).castShape(F, 0), least);
      FloatVector low1 = v.fma(q1.and(Words.LOWER0).castShape(F, 0), least);
      v = FloatVector.fromArray(F, prepared, i + 4 * N);
      FloatVector high0 = v.mul(q0.and(Words.UPPER0).castShape(F, 0));
      FloatVector high1 = v.mul(q1.and(Words.UPPER0).castShape(F, 0));
      v = FloatVector.fromArray(F, prepared, i + N);
      low0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 5 * N);
      high0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), high1);
      q0 = q0.lanewise(LSHR, 16);
      q1 = q1.lanewise(LSHR, 16);
      v = FloatVector.fromArray(F, prepared, i + 2 * N);
      low0 = v.fma(q0.and(Words.LOWER0).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER0).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 6 * N);
      high0 = v.fma(q0.and(Words.UPPER0).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER0).castShape(F, 0), high1);
      v = FloatVector.fromArray(F, prepared, i + 3 * N);
      low0 = v.fma(q0.and(Words.LOWER1).castShape(F, 0), low0);
      low1 = v.fma(q1.and(Words.LOWER1).castShape(F, 0), low1);
      v = FloatVector.fromArray(F, prepared, i + 7 * N);
      high0 = v.fma(q0.and(Words.UPPER1).castShape(F, 0), high0);
      high1 = v.fma(q1.and(Words.UPPER1).castShape(F, 0), high1);
      acc0 = low0.add(high0).fma(FloatVector.broadcast(F, d0), acc0);
      acc1 = low1.add(high1).fma(FloatVector.broadcast(F, d1), acc1);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, N);
  }

  /** Bytes widened as they are loaded. */
  private static void bytes(
      MemorySegment w, long first, long apart, float[] prepared, int n, float[] sums) {
    FloatVector acc0 = FloatVector.zero(Lanes.F);
    FloatVector acc1 = acc0;
    FloatVector acc2 = acc0;
    long second = first + apart;
    long third = second + apart;
    for (int k = 0; k < n / 32; k++) {
      long o = (long) k * BLOCK;
      FloatVector sum0 = FloatVector.fromArray(F, prepared, n + k * Lanes.N);
      FloatVector sum1 = sum0;
      FloatVector sum2 = sum0;
      for (int u = 0; u < 16; u += Lanes.N) {
        FloatVector low = FloatVector.fromArray(F, prepared, k * 32 + u);
        FloatVector both = FloatVector.fromArray(F, prepared, k * 32 + 16 + u);
        IntVector q0 = Lanes.bytes(w, first + o + 2 + u);
        sum0 = Lanes.floats(q0.and(LOWER)).fma(low, sum0);
        sum0 = Lanes.floats(q0).fma(both, sum0);
        IntVector q1 = Lanes.bytes(w, second + o + 2 + u);
        sum1 = Lanes.floats(q1.and(LOWER)).fma(low, sum1);
        sum1 = Lanes.floats(q1).fma(both, sum1);
        IntVector q2 = Lanes.bytes(w, third + o + 2 + u);
        sum2 = Lanes.floats(q2.and(LOWER)).fma(low, sum2);
        sum2 = Lanes.floats(q2).fma(both, sum2);
      }
      acc0 = sum0.fma(FloatVector.broadcast(F, Lanes.tableHalf(w, first + o)), acc0);
      acc1 = sum1.fma(FloatVector.broadcast(F, Lanes.tableHalf(w, second + o)), acc1);
      acc2 = sum2.fma(FloatVector.broadcast(F, Lanes.tableHalf(w, third + o)), acc2);
    }
    acc0.intoArray(sums, 0);
    acc1.intoArray(sums, Lanes.N);
    acc2.intoArray(sums, 2 * Lanes.N);
  }

  @Override
  public int prepared(int n) {
    return N == 16 ? n + n / GROUP * 16 : n + n / 32 * N;
  }

  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    if (N == 8) prepareBytes(x, n, prepared);
    else prepareWords(x, n, prepared);
  }

  /**
   * Orders activations, and writes after them for each block minus eight times their sum, for the
   * first of four lanes: codes have their zero at eight.
   */
  private static void prepareWords(float[] x, int n, float[] prepared) {
    int whole = N == 16 ? n - n % GROUP : n;
    Words.order(x, whole, 16, Words.OF_NIBBLES, prepared);
    for (int b = 0; b < whole / 32; b++) {
      float sum = 0;
      for (int i = 32 * b; i < 32 * b + 32; i++) sum += x[i];
      int at = n + 4 * b;
      prepared[at] = -8 * sum;
      Arrays.fill(prepared, at + 1, at + 4, 0);
    }
  }

  /**
   * A byte is its low nibble l and sixteen times its high nibble h, so that l x + h y is l (x - y /
   * 16) and the whole byte times y / 16: nothing is shifted. Writes these two factors in the place
   * of x and y, and after them, lane by lane, minus eight times the sums of each block: codes have
   * their zero at eight.
   */
  private static void prepareBytes(float[] x, int n, float[] prepared) {
    for (int b = 0; b < n / 32; b++) {
      FloatVector sum = FloatVector.zero(Lanes.F);
      for (int u = 0; u < 16; u += Lanes.N) {
        int i = b * 32 + u;
        FloatVector low = FloatVector.fromArray(F, x, i);
        FloatVector high = FloatVector.fromArray(F, x, i + 16);
        FloatVector both = high.mul(1 / 16f);
        low.sub(both).intoArray(prepared, i);
        both.intoArray(prepared, i + 16);
        sum = sum.add(low.add(high));
      }
      sum.mul(-8).intoArray(prepared, n + b * Lanes.N);
    }
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {}

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch of) {
    long o = row + (long) (i >> 5) * BLOCK;
    int upper = i >> 4 & 1;
    float scale = Lanes.HALVES[w.get(Lanes.SHORT, o) & 0xffff];
    float factor = scale * FACTORS[upper];
    if (N < 8) {
      IntVector q = Lanes.anyBytes(w, o + 2 + (i & 15)).and(MASKS[upper]);
      return Lanes.floats(q).fma(all(factor), all(-8 * scale));
    }
    ByteVector q = ByteVector.fromMemorySegment(Lanes.B, w, o + 2 + (i & 15), LE);
    IntVector codes = ((IntVector) q.castShape(Lanes.I, 0)).and(MASKS[upper]);
    return ((FloatVector) codes.castShape(F, 0)).fma(factor, -8 * scale);
  }
}
