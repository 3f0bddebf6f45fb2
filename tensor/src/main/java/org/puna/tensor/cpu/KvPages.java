package org.puna.tensor.cpu;

import java.util.Arrays;
import org.puna.tensor.KvType;

/**
 * The keys, or the values, of one layer: pages of [heads, pageTokens, headDim] numbers, whose
 * memory is taken when they are first written. A head's positions are neighbours, because whoever
 * attends reads one head of all positions: a run of memory, not a number of bytes in each of many
 * lines. A page of {@link KvType#Q8_0} is an array of bytes and an array of half-precision scales,
 * one for each 32 numbers of a head at a position; pages of the other types are one array.
 *
 * <p>Keys are turned, [heads, headDim, pageTokens] and their scales [heads, headDim / 32,
 * pageTokens], where pages are whole vectors: scores of neighbouring positions are then the lanes
 * of a vector, and no lanes need be added up.
 */
public final class KvPages {
  private static final int BLOCK = KvType.BLOCK;
  private static final int LARGEST = 127;
  private static final float LARGEST_HALF = 65504;

  /** Positions of a page that are whole pairs of vectors on every machine. */
  private static final int VECTORS = 32;

  private static final float[] NO_FLOATS = new float[0];
  private static final byte[] NO_CODES = new byte[0];
  private static final short[] NO_HALVES = new short[0];

  private final KvType type;
  private final int pageTokens;
  private final int heads;
  private final int headDim;
  private final boolean turned;
  private float[][] floats = new float[0][];
  private short[][] halves = new short[0][];
  private byte[][] codes = new byte[0][];
  private short[][] scales = new short[0][];
  private long bytes;

  /**
   * Returns pages of keys, turned where they can be.
   *
   * @see #KvPages(KvType, int, int, int, int)
   */
  public static KvPages ofKeys(KvType type, int pages, int pageTokens, int heads, int headDim) {
    boolean turned = pageTokens % VECTORS == 0;
    return new KvPages(type, pages, pageTokens, heads, headDim, turned);
  }

  /**
   * Pages without memory yet, a position's numbers together.
   *
   * @param type how the numbers are stored
   * @param headDim numbers of a head at a position, whole blocks where the type has blocks
   */
  public KvPages(KvType type, int pages, int pageTokens, int heads, int headDim) {
    this(type, pages, pageTokens, heads, headDim, false);
  }

  private KvPages(KvType type, int pages, int pageTokens, int heads, int headDim, boolean turned) {
    if (!type.fits(headDim)) {
      throw new IllegalArgumentException("cache: heads of " + headDim + " are no whole blocks");
    }
    this.type = type;
    this.pageTokens = pageTokens;
    this.heads = heads;
    this.headDim = headDim;
    this.turned = turned;
    switch (type) {
      case F32 -> {
        floats = new float[pages][];
        Arrays.fill(floats, NO_FLOATS);
      }
      case F16 -> {
        halves = new short[pages][];
        Arrays.fill(halves, NO_HALVES);
      }
      case Q8_0 -> {
        codes = new byte[pages][];
        scales = new short[pages][];
        Arrays.fill(codes, NO_CODES);
        Arrays.fill(scales, NO_HALVES);
      }
    }
  }

  /** Returns how the numbers are stored. */
  public KvType type() {
    return type;
  }

  /** Returns the positions of a page. */
  public int pageTokens() {
    return pageTokens;
  }

  /** Returns the numbers of a position, those of all heads. */
  int cols() {
    return heads * headDim;
  }

  /** Returns whether pages lie [heads, headDim, pageTokens]. */
  public boolean turned() {
    return turned;
  }

  /**
   * Returns where in a page a head's numbers of a position start: the next is the neighbour, or, in
   * turned pages, {@link #pageTokens} further.
   */
  public int at(int head, int in) {
    return turned ? head * headDim * pageTokens + in : (head * pageTokens + in) * headDim;
  }

  /** Returns a page of float32 numbers, empty where never written. */
  public float[] floats(int page) {
    return floats[page];
  }

  /** Returns a page of half-precision numbers, empty where never written. */
  public short[] halves(int page) {
    return halves[page];
  }

  /** Returns the bytes of a page of blocks, empty where never written. */
  public byte[] codes(int page) {
    return codes[page];
  }

  /**
   * Returns the half-precision scales of a page of blocks; where they lie is what {@link #scaleAt}
   * says.
   */
  public short[] scales(int page) {
    return scales[page];
  }

  /**
   * Returns where in a page's scales that of a position's number lies: the next position's is the
   * neighbour in turned pages, else the next block's.
   *
   * @param number of the head, the first of a block
   */
  public int scaleAt(int head, int number, int in) {
    return turned
        ? (head * headDim + number) / BLOCK * pageTokens + in
        : (at(head, in) + number) / BLOCK;
  }

  /** Returns the bytes of one page. */
  long pageBytes() {
    return Math.round(type.bytesPerNumber() * pageTokens * heads * headDim);
  }

  /** Returns the bytes taken so far. */
  long bytes() {
    return bytes;
  }

  /**
   * Stores positions of one page.
   *
   * @param in the first position's place in the page
   * @param n positions
   * @param src their numbers, [n, heads, headDim] from index {@code from}
   */
  public void write(int page, int in, int n, float[] src, int from) {
    take(page);
    int cols = cols();
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < n; i++) {
        int at = from + i * cols + h * headDim;
        int to = at(h, in + i);
        switch (type) {
          case F32 -> {
            if (turned) turn(src, at, floats[page], to);
            else System.arraycopy(src, at, floats[page], to, headDim);
          }
          case F16 -> halve(src, at, halves[page], to, turned ? pageTokens : 1);
          case Q8_0 -> {
            int step = turned ? pageTokens : 1;
            for (int j = 0; j < headDim; j += BLOCK) {
              scales[page][scaleAt(h, j, in + i)] =
                  encode(src, at + j, codes[page], to + j * step, step);
            }
          }
        }
      }
    }
  }

  private void turn(float[] src, int from, float[] page, int to) {
    for (int j = 0; j < headDim; j++) page[to + j * pageTokens] = src[from + j];
  }

  private void halve(float[] src, int from, short[] page, int to, int step) {
    for (int j = 0; j < headDim; j++) {
      float x = Math.clamp(src[from + j], -LARGEST_HALF, LARGEST_HALF);
      page[to + j * step] = Float.floatToFloat16(x);
    }
  }

  private boolean written(int page) {
    return switch (type) {
      case F32 -> floats[page].length > 0;
      case F16 -> halves[page].length > 0;
      case Q8_0 -> codes[page].length > 0;
    };
  }

  private void take(int page) {
    if (written(page)) return;
    switch (type) {
      case F32 -> floats[page] = new float[pageTokens * heads * headDim];
      case F16 -> halves[page] = new short[pageTokens * heads * headDim];
      case Q8_0 -> {
        codes[page] = new byte[pageTokens * heads * headDim];
        scales[page] = new short[pageTokens * heads * headDim / BLOCK];
      }
    }
    bytes += pageBytes();
  }

  /**
   * Encodes a block as Q8_0 does: a scale of largest / 127, codes to the nearest.
   *
   * @param step distance of codes
   * @return the scale, in half precision
   */
  private static short encode(float[] src, int from, byte[] codes, int to, int step) {
    float largest = 0;
    for (int i = 0; i < BLOCK; i++) largest = Math.max(largest, Math.abs(src[from + i]));
    float d = largest / LARGEST;
    float inverse = d == 0 ? 0 : 1 / d;
    for (int i = 0; i < BLOCK; i++) {
      float x = src[from + i] * inverse;
      codes[to + i * step] = (byte) (int) (x + Math.copySign(0.5f, x));
    }
    return Float.floatToFloat16(d);
  }

  /**
   * Reads one head's numbers of consecutive positions of a page.
   *
   * @param in the first position's place in the page
   * @param n positions
   * @param dst receives [n, headDim] from index {@code to}
   */
  public void read(int page, int head, int in, int n, float[] dst, int to) {
    int step = turned ? pageTokens : 1;
    for (int i = 0; i < n; i++) {
      int at = at(head, in + i);
      for (int j = 0; j < headDim; j++) {
        dst[to + i * headDim + j] =
            switch (type) {
              case F32 -> floats[page][at + j * step];
              case F16 -> Float.float16ToFloat(halves[page][at + j * step]);
              case Q8_0 -> {
                short scale = scales[page][scaleAt(head, j - j % BLOCK, in + i)];
                yield codes[page][at + j * step] * Float.float16ToFloat(scale);
              }
            };
      }
    }
  }

  /** Copies the first {@code tokens} positions of a page, where it was written. */
  void copy(int from, int to, int tokens) {
    if (!written(from)) return;
    take(to);
    if (turned) {
      switch (type) {
        case F32 -> System.arraycopy(floats[from], 0, floats[to], 0, floats[from].length);
        case F16 -> System.arraycopy(halves[from], 0, halves[to], 0, halves[from].length);
        case Q8_0 -> {
          System.arraycopy(codes[from], 0, codes[to], 0, codes[from].length);
          System.arraycopy(scales[from], 0, scales[to], 0, scales[from].length);
        }
      }
      return;
    }
    for (int h = 0; h < heads; h++) {
      int at = at(h, 0);
      int n = tokens * headDim;
      switch (type) {
        case F32 -> System.arraycopy(floats[from], at, floats[to], at, n);
        case F16 -> System.arraycopy(halves[from], at, halves[to], at, n);
        case Q8_0 -> {
          System.arraycopy(codes[from], at, codes[to], at, n);
          System.arraycopy(scales[from], at / BLOCK, scales[to], at / BLOCK, n / BLOCK);
        }
      }
    }
  }
}
