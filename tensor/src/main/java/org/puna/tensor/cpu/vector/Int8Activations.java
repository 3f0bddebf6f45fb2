package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.jspecify.annotations.Nullable;

/**
 * Rows of activations rounded to eight bits: 32 columns share a factor, as in the file format Q8_0
 * (whose factors have half precision, these float32). They are ordered for a layout of weights,
 * part by part and two columns in the halves of a word, whose codes are in the halves of a lane.
 *
 * <p>Rows come in tiles, side by side: a tile is {@code [k / 2, rows]} pairs of columns and then
 * {@code [sums, rows]} words that are added to what lanes of 16 bits sum, to take off the zero of
 * codes: a part each, or {@link Interleaved#pairsInSum less}.
 */
final class Int8Activations {
  /** Columns that share a factor. */
  private static final int BLOCK = 32;

  private static final int LARGEST = 127;

  /** Blocks of smaller numbers are zero: what brings them to 127 would be infinite. */
  private static final float SMALLEST = 0x1p-100f;

  /** Added to a number, leaves what it rounds to in the lower bits. */
  private static final float ROUNDING = 0x1.8p23f;

  private static final int ROUNDING_BITS = Float.floatToRawIntBits(ROUNDING);

  private static final int NOT_SIGN = 0x7fffffff;

  private @Nullable Interleaved layout;
  private int k;
  private int parts;
  private int rowWords;
  private int[] pairs = new int[0];
  private float[] factors = new float[0];
  private float[] sums = new float[0];

  /** Memory of who rounds a row. */
  static final class Scratch {
    private int[] codes = new int[0];
    private float[] factors = new float[0];

    private void reserve(int k) {
      if (codes.length >= k) return;
      codes = new int[k];
      factors = new float[k / BLOCK];
    }
  }

  /** Makes room for rows of {@code k} numbers in the order of a layout; what they were is lost. */
  void reserve(Interleaved layout, int k, int rows) {
    this.layout = layout;
    this.k = k;
    parts = layout.parts(k);
    rowWords = k / 2 + k / 2 / layout.pairsInSum();
    if (pairs.length < pairsAt(rows)) pairs = new int[pairsAt(rows)];
    if (factors.length >= partsAt(rows)) return;
    factors = new float[partsAt(rows)];
    sums = new float[partsAt(rows)];
  }

  /** Returns pairs of activations and what is added to the sums of parts, tile by tile. */
  int[] pairs() {
    return pairs;
  }

  /** Returns factors, {@code [parts, rows]} for each tile. */
  float[] factors() {
    return factors;
  }

  /** Returns parts' sums times the zero of codes that have their own, as {@link #factors}. */
  float[] sums() {
    return sums;
  }

  /** Returns the index of the first word of the tile that begins with a row. */
  int pairsAt(int row) {
    return row * rowWords;
  }

  /** Returns the index of the first factor and sum of the tile that begins with a row. */
  int partsAt(int row) {
    return row * parts;
  }

  /**
   * Rounds a tile of rows.
   *
   * @param x [rows, k]
   * @param row first row
   * @param count rows of x; those that fill up the tile are zero
   * @param tile rows of the tile
   */
  void round(float[] x, int row, int count, int tile, Scratch s) {
    Interleaved order = layout;
    if (order == null) return;
    s.reserve(k);
    if (count < tile) {
      Arrays.fill(pairs, pairsAt(row), pairsAt(row + tile), 0);
      Arrays.fill(factors, partsAt(row), partsAt(row + tile), 0);
      Arrays.fill(sums, partsAt(row), partsAt(row + tile), 0);
    }
    for (int t = 0; t < count; t++) {
      round(x, (row + t) * k, k, s.codes, s.factors);
      order(order, s, row, t, tile);
    }
  }

  /** Orders a rounded row, which is number {@code t} of a tile. */
  private void order(Interleaved order, Scratch s, int row, int t, int tile) {
    int[] lower = order.lower();
    int[] upper = order.upper();
    int inBlock = lower.length;
    int inPart = order.pairs();
    int inSum = order.pairsInSum();
    int start = order.sumStart();
    boolean ownMinima = order.ownMinima();
    int zero = ownMinima ? 0 : (int) order.zero();
    int to = pairsAt(row) + t;
    int zeros = to + k / 2 * tile;
    int part = partsAt(row) + t;
    for (int first = 0; first < k / 2; first += inPart) {
      int column = first / inBlock * 2 * inBlock;
      int pair = first % inBlock;
      int all = 0;
      for (int i = pair; i < pair + inPart; ) {
        int lows = 0;
        int highs = 0;
        for (int end = i + inSum; i < end; i++) {
          int low = s.codes[column + lower[i]];
          int high = s.codes[column + upper[i]];
          lows += low;
          highs += high;
          pairs[to] = low & 0xffff | high << 16;
          to += tile;
        }
        all += lows + highs;
        pairs[zeros] = zero * lows + start & 0xffff | zero * highs << 16;
        zeros += tile;
      }
      float factor = s.factors[(column + lower[pair]) / BLOCK];
      factors[part] = factor;
      if (ownMinima) sums[part] = order.zero() * factor * all;
      part += tile;
    }
  }

  /** Rounds numbers block by block. An infinity or NaN makes a factor of its kind. */
  private static void round(float[] x, int at, int k, int[] codes, float[] factors) {
    for (int b = 0; b < k / BLOCK; b++) {
      int from = at + b * BLOCK;
      float largest = largest(x, from);
      boolean zero = largest < SMALLEST;
      FloatVector up = FloatVector.broadcast(Lanes.F, zero ? 0 : LARGEST / largest);
      FloatVector rounding = FloatVector.broadcast(Lanes.F, ROUNDING);
      for (int i = 0; i < BLOCK; i += Lanes.N)
        FloatVector.fromArray(Lanes.F, x, from + i)
            .fma(up, rounding)
            .reinterpretAsInts()
            .sub(ROUNDING_BITS)
            .intoArray(codes, b * BLOCK + i);
      factors[b] = zero ? 0 : largest / LARGEST;
    }
  }

  /** Rounds {@code n} numbers, whole blocks, from index {@code at} on to the same place of y. */
  static void round(float[] x, int at, int n, float[] y) {
    for (int from = at; from < at + n; from += BLOCK) {
      float largest = largest(x, from);
      boolean zero = largest < SMALLEST;
      FloatVector up = FloatVector.broadcast(Lanes.F, zero ? 0 : LARGEST / largest);
      FloatVector rounding = FloatVector.broadcast(Lanes.F, ROUNDING);
      float factor = zero ? 0 : largest / LARGEST;
      for (int i = from; i < from + BLOCK; i += Lanes.N)
        FloatVector.fromArray(Lanes.F, x, i)
            .fma(up, rounding)
            .sub(ROUNDING)
            .mul(factor)
            .intoArray(y, i);
    }
  }

  /** Returns the largest size of a block's numbers; of what is no number, what is none either. */
  private static float largest(float[] x, int from) {
    IntVector most = IntVector.zero(Lanes.I);
    for (int i = 0; i < BLOCK; i += Lanes.N)
      most =
          most.max(FloatVector.fromArray(Lanes.F, x, from + i).reinterpretAsInts().and(NOT_SIGN));
    return Float.intBitsToFloat(most.reduceLanes(MAX));
  }
}
