package org.puna.tensor.cpu.vector;

import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.quant.BlockFormat;

/**
 * A layout of weights for products of few rows of activations: as many rows of weights as a vector
 * has lanes lie side by side, word by word, so that a vector holds the same columns of all of them.
 * A scale then is a vector for many numbers where rows as stored need one for each block, and no
 * lanes are summed. Codes and scales are those of the file (of Q8_0 with the {@linkplain #flipped
 * sign the other way round}), so nothing is lost.
 *
 * <p>A group of rows is, for each block of the rows, its half-precision factors and its byte-sized
 * scales, each {@code [lanes]}, and then {@code [k / block, words, lanes]} words of codes: in the
 * order in which they are read, because what memory delivers ahead follows a stream. Words come as
 * the file has them: the numbers of a word are no neighbours in the row, and activations are
 * ordered as their codes lie, once for all rows of weights.
 */
abstract class Interleaved {
  /** Rows of a group. */
  static final int N = Lanes.N;

  /**
   * Of half precision, widened and moved to where float32 has its mantissa, what is not sign over
   * sign; a product then corrects the exponent, exactly.
   */
  private static final IntVector SIGN_AND_SIZE = IntVector.broadcast(Lanes.I, 0x8fffe000);

  /** What corrects the exponent of a half-precision number that was moved. */
  private static final float REBASED = 0x1p112f;

  private static final int EXPONENT = 0x7c00;

  private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(Lanes.LE);

  /** What takes off the place of the four codes of half a word, and of the two of a byte. */
  private static final float[] PLACES = {1, 0x1p-4f, 0x1p-8f, 0x1p-12f};

  private static final float[] PAIRS = {1, 0x1p-4f, 1, 0x1p-4f};

  private final int block;
  private final int blockBytes;
  private final int[] words;
  private final int[] halves;
  private final int bytes;
  private final int[] columns;
  private final int[] parts;
  private final int partsOfBlock;
  private final float zero;

  /** Of each part's pairs, the column of the lower half of a lane and of the upper one. */
  private final int[] lower;

  private final int[] upper;
  private final @Nullable InterleavedProduct[] loops =
      new InterleavedProduct[InterleavedProduct.MOST + 1];
  private @Nullable Int8Product int8Row;
  private @Nullable Int8TileProduct int8Tile;

  /** Where the parts of a row that share a scale lie among the numbers of a word. */
  record Parts(int shift, int stride, int odd) {
    /** Returns the part of number {@code i}, in the order of codes. */
    int of(int i) {
      return (i >> shift) * stride + (i & 1) * odd;
    }
  }

  /**
   * A layout.
   *
   * @param format of the file
   * @param words byte offsets of a block's words of codes, in the order that kernels read them
   * @param halves byte offsets of a block's half-precision factors
   * @param bytes scales of a block that are bytes
   * @param columns for a number of a block in the order of codes, its column
   * @param parts for a number of a block in the order of codes, which scale it has
   * @param zero what a code's minimum multiplies the sum of activations by
   */
  Interleaved(
      BlockFormat format,
      int[] words,
      int[] halves,
      int bytes,
      IntUnaryOperator columns,
      IntUnaryOperator parts,
      float zero) {
    block = format.blockElements();
    blockBytes = format.blockBytes();
    this.words = words;
    this.halves = halves;
    this.bytes = bytes;
    this.columns = new int[block];
    this.parts = new int[block];
    Arrays.setAll(this.columns, columns);
    Arrays.setAll(this.parts, parts);
    partsOfBlock = 1 + Arrays.stream(this.parts).max().orElse(0);
    this.zero = zero;
    lower = new int[block / 2];
    upper = new int[block / 2];
    int[] next = new int[partsOfBlock];
    for (int i = 0; i < block; i++) {
      if ((i & 4) != 0) continue;
      int p = this.parts[i];
      int at = p * pairs() + next[p]++;
      lower[at] = this.columns[i];
      upper[at] = this.columns[i + 4];
    }
  }

  /**
   * Returns the layout for a format, null where there is none: it pays for codes of few bits, and
   * for those of two words only with 32 registers or rounded activations.
   *
   * @param int8 whether activations are rounded to eight bits
   */
  static @Nullable Interleaved of(BlockFormat format, boolean int8) {
    if (N < 8) return null;
    return switch (format.name()) {
      case "Q4_0" -> new InterleavedQ4(format);
      case "Q8_0" -> int8 ? new InterleavedQ8(format) : null;
      case "Q4_K" -> new InterleavedQ4K(format);
      case "Q6_K" -> N == 8 && !int8 ? null : new InterleavedQ6K(format);
      default -> null;
    };
  }

  /** Makes the loop for a number of rows of activations. */
  abstract InterleavedProduct product(int rows);

  /** Returns the loop for a number of rows, see {@link InterleavedProduct#together}. */
  final InterleavedProduct loop(int rows) {
    InterleavedProduct known = loops[rows];
    if (known != null) return known;
    InterleavedProduct made = product(rows);
    loops[rows] = made;
    return made;
  }

  /** Returns the most rows of rounded activations that are faster with it than as stored. */
  int mostRounded() {
    return Integer.MAX_VALUE;
  }

  /** Returns how many pairs of columns lanes of 16 bits sum before they are widened. */
  int pairsInSum() {
    return pairs();
  }

  /** Returns what such a sum starts with, beside what takes off the zero of codes. */
  int sumStart() {
    return 0;
  }

  /** Returns the bits of a word of codes that a copy inverts. */
  int flipped() {
    return 0;
  }

  /** Makes the loop for one row of rounded activations. */
  abstract Int8Product int8Product();

  /** Returns the loop for one row of rounded activations. */
  final Int8Product int8Row() {
    Int8Product known = int8Row;
    if (known != null) return known;
    Int8Product made = int8Product();
    int8Row = made;
    return made;
  }

  /** Returns the loop for a tile of rounded activations. */
  final Int8TileProduct int8Tile() {
    Int8TileProduct known = int8Tile;
    if (known != null) return known;
    Int8TileProduct made = Specialised.of(Int8TileProduct.class, Int8Tile.class, pairs());
    int8Tile = made;
    return made;
  }

  /**
   * Unpacks codes of a group for tiles of rounded activations.
   *
   * @param at bytes to the codes of the first column, see {@link #codeBytes}
   * @param k columns, whole blocks
   * @param codes receives [k / 2 pairs of columns, lanes], part by part, from index {@code to}
   */
  abstract void unpack(MemorySegment w, long at, int k, int[] codes, int to);

  /**
   * Reads the scales of a group of rows: where not said otherwise a factor for each block. Calls
   * the Vector API itself, or what returns no vector, see {@link Words}: a caller that meets two
   * formats expands both.
   *
   * @param at bytes to the group's first scale
   * @param scales receives [parts, lanes]
   * @param minima receives [parts, lanes] where they are not the scales, see {@link #ownMinima}
   */
  void readScales(MemorySegment w, long at, int k, float[] scales, float[] minima) {
    for (int b = 0; b < k / block; b++) readHalves(w, at + b * 2L * N, scales, b * N);
  }

  /** Reads half-precision factors of a group of rows, which are finite, to an index of scales. */
  static void readHalves(MemorySegment w, long at, float[] scales, int to) {
    ((IntVector) ShortVector.fromMemorySegment(Lanes.S, w, at, Lanes.LE).castShape(Lanes.I, 0))
        .lanewise(LSHL, 13)
        .and(SIGN_AND_SIZE)
        .reinterpretAsFloats()
        .mul(REBASED)
        .intoArray(scales, to);
  }

  /** Returns whether what is taken off each part is another number than its scale. */
  boolean ownMinima() {
    return false;
  }

  /** Returns a byte-sized scale of a block of the file, in a format that has such scales. */
  byte scale(MemorySegment w, long block, int i) {
    throw new IndexOutOfBoundsException(i);
  }

  /** Returns the bytes of scales that a group of rows begins with. */
  final long scaleBytes(int k) {
    return (long) k / block * (halves.length * Short.BYTES + bytes) * N;
  }

  /** Returns the bytes of a group of rows. */
  final long groupBytes(int k) {
    return scaleBytes(k) + codeBytes(k);
  }

  /** Returns the bytes of the codes of {@code k} columns of a group. */
  final long codeBytes(int k) {
    return (long) k / block * words.length * Integer.BYTES * N;
  }

  /** Returns the columns of a block in the lower halves of lanes, part by part. */
  final int[] lower() {
    return lower;
  }

  /** Returns the columns of a block in the upper halves of lanes, part by part. */
  final int[] upper() {
    return upper;
  }

  /** Returns what minima multiply sums of activations by, or codes' scales where these are both. */
  final float zero() {
    return zero;
  }

  /** Returns the pairs of columns of a part, one in each half of a lane. */
  final int pairs() {
    return block / 2 / partsOfBlock;
  }

  /** Returns how many parts of a row have a scale of their own. */
  final int parts(int k) {
    return k / block * partsOfBlock;
  }

  /**
   * Copies up to a group of stored rows; rows that are missing are zero.
   *
   * @param first bytes to the first row
   * @param rows how many there are
   * @param at bytes to the group
   * @return false if a factor is infinite or NaN, which the kernels do not read
   */
  final boolean pack(MemorySegment w, long first, int rows, int k, MemorySegment to, long at) {
    long rowBytes = (long) k / block * blockBytes;
    long codes = at + scaleBytes(k);
    long scales = at;
    int flipped = flipped();
    for (int b = 0; b < k / block; b++) {
      for (int r = 0; r < rows; r++) {
        long from = first + r * rowBytes + (long) b * blockBytes;
        long lane = codes + ((long) b * words.length * N + r) * Integer.BYTES;
        for (int word : words) {
          to.set(WORD, lane, w.get(WORD, from + word) ^ flipped);
          lane += (long) N * Integer.BYTES;
        }
        lane = scales + (long) r * Short.BYTES;
        for (int half : halves) {
          short factor = w.get(Lanes.SHORT, from + half);
          if ((factor & EXPONENT) == EXPONENT) return false;
          to.set(Lanes.SHORT, lane, factor);
          lane += (long) N * Short.BYTES;
        }
        lane = scales + (long) halves.length * N * Short.BYTES + r;
        for (int i = 0; i < bytes; i++) {
          to.set(ValueLayout.JAVA_BYTE, lane, scale(w, from, i));
          lane += N;
        }
      }
      scales += (long) (halves.length * Short.BYTES + bytes) * N;
    }
    return true;
  }

  /**
   * Orders a row of activations as codes lie, and sums it part by part. Loops leave codes where
   * they are in half a word, for several rows in a byte; activations are rid of what that makes
   * them too large.
   *
   * @param x numbers from index {@code at}
   * @param t which of {@code of} rows this is: they lie side by side as well
   * @param ordered receives [k, of] from index {@code orderedAt}
   * @param sums receives [parts, of], times the zero of the codes, from index {@code sumsAt}
   */
  final void prepare(
      float[] x,
      int at,
      int k,
      int t,
      int of,
      float[] ordered,
      int orderedAt,
      float[] sums,
      int sumsAt) {
    float[] places = of == 1 ? PLACES : PAIRS;
    int count = parts(k);
    int firstSum = sumsAt + t;
    for (int p = 0; p < count; p++) sums[firstSum + p * of] = 0;
    for (int b = 0; b < k / block; b++) {
      int from = at + b * block;
      int to = orderedAt + b * block * of + t;
      int part = firstSum + b * partsOfBlock * of;
      for (int i = 0; i < block; i++) {
        float v = x[from + columns[i]];
        ordered[to + i * of] = v * places[i & 3];
        sums[part + parts[i] * of] += v;
      }
    }
    for (int p = 0; p < count; p++) sums[firstSum + p * of] *= zero;
  }

  /** Sums what each part's minimum is due for the sum of its activations. */
  static void due(
      float[] minima, int parts, float[] partSums, int at, int step, float[] sums, int to) {
    FloatVector even = FloatVector.zero(Lanes.F);
    FloatVector odd = even;
    for (int p = 0; p < parts; p++) {
      FloatVector sum = FloatVector.broadcast(Lanes.F, partSums[at + p * step]);
      FloatVector more = FloatVector.fromArray(Lanes.F, minima, p * N).fma(sum, odd);
      odd = even;
      even = more;
    }
    even.add(odd).intoArray(sums, to);
  }
}
