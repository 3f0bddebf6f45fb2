package org.puna.tensor.cpu;

import java.util.Arrays;
import org.puna.tensor.KvType;

/**
 * The keys, or the values, of one layer: pages of [pageTokens, cols] numbers, position-major, whose
 * memory is taken when they are first written. A page of {@link KvType#Q8_0} is an array of bytes
 * and an array of half-precision scales, one for each 32 bytes.
 */
public final class KvPages {
  private static final int BLOCK = KvType.BLOCK;
  private static final int LARGEST = 127;
  private static final float[] NO_FLOATS = new float[0];
  private static final byte[] NO_CODES = new byte[0];
  private static final short[] NO_SCALES = new short[0];

  private final KvType type;
  private final int pageTokens;
  private final int cols;
  private float[][] floats = new float[0][];
  private byte[][] codes = new byte[0][];
  private short[][] scales = new short[0][];
  private long bytes;

  /**
   * Pages without memory yet.
   *
   * @param type how the numbers are stored
   * @param cols numbers of a position, whole blocks where the type has blocks
   */
  public KvPages(KvType type, int pages, int pageTokens, int cols) {
    if (!type.fits(cols)) {
      throw new IllegalArgumentException("cache: " + cols + " columns are no whole blocks");
    }
    this.type = type;
    this.pageTokens = pageTokens;
    this.cols = cols;
    switch (type) {
      case F32 -> {
        floats = new float[pages][];
        Arrays.fill(floats, NO_FLOATS);
      }
      case Q8_0 -> {
        codes = new byte[pages][];
        scales = new short[pages][];
        Arrays.fill(codes, NO_CODES);
        Arrays.fill(scales, NO_SCALES);
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

  /** Returns the numbers of a position. */
  public int cols() {
    return cols;
  }

  /** Returns a page of float32 numbers, empty where never written. */
  public float[] floats(int page) {
    return floats[page];
  }

  /** Returns the bytes of a page of blocks, empty where never written. */
  public byte[] codes(int page) {
    return codes[page];
  }

  /** Returns the half-precision scales of a page of blocks. */
  public short[] scales(int page) {
    return scales[page];
  }

  /** Returns the bytes of one page. */
  long pageBytes() {
    return Math.round(type.bytesPerNumber() * pageTokens * cols);
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
   * @param src their numbers, from index {@code from}
   */
  public void write(int page, int in, int n, float[] src, int from) {
    take(page);
    switch (type) {
      case F32 -> System.arraycopy(src, from, floats[page], in * cols, n * cols);
      case Q8_0 -> {
        for (int i = 0; i < n * cols; i += BLOCK) {
          encode(src, from + i, codes[page], scales[page], in * cols + i);
        }
      }
    }
  }

  private void take(int page) {
    boolean written = type == KvType.F32 ? floats[page].length > 0 : codes[page].length > 0;
    if (written) return;
    switch (type) {
      case F32 -> floats[page] = new float[pageTokens * cols];
      case Q8_0 -> {
        codes[page] = new byte[pageTokens * cols];
        scales[page] = new short[pageTokens * cols / BLOCK];
      }
    }
    bytes += pageBytes();
  }

  /** Encodes a block as Q8_0 does: a scale of largest / 127, codes to the nearest. */
  private static void encode(float[] src, int from, byte[] codes, short[] scales, int to) {
    float largest = 0;
    for (int i = 0; i < BLOCK; i++) largest = Math.max(largest, Math.abs(src[from + i]));
    float d = largest / LARGEST;
    float inverse = d == 0 ? 0 : 1 / d;
    scales[to / BLOCK] = Float.floatToFloat16(d);
    for (int i = 0; i < BLOCK; i++) {
      float x = src[from + i] * inverse;
      codes[to + i] = (byte) (int) (x + Math.copySign(0.5f, x));
    }
  }

  /**
   * Reads numbers of a page.
   *
   * @param at index of the first in the page; for a page of blocks, of a block's first
   * @param n numbers; for a page of blocks, whole blocks
   * @param dst receives them from index {@code to}
   */
  public void read(int page, int at, int n, float[] dst, int to) {
    switch (type) {
      case F32 -> System.arraycopy(floats[page], at, dst, to, n);
      case Q8_0 -> {
        for (int i = 0; i < n; i++) {
          float d = Float.float16ToFloat(scales[page][(at + i) / BLOCK]);
          dst[to + i] = codes[page][at + i] * d;
        }
      }
    }
  }

  /** Copies the first {@code tokens} positions of a page, where it was written. */
  void copy(int from, int to, int tokens) {
    switch (type) {
      case F32 -> {
        if (floats[from].length == 0) return;
        take(to);
        System.arraycopy(floats[from], 0, floats[to], 0, tokens * cols);
      }
      case Q8_0 -> {
        if (codes[from].length == 0) return;
        take(to);
        System.arraycopy(codes[from], 0, codes[to], 0, tokens * cols);
        System.arraycopy(scales[from], 0, scales[to], 0, tokens * cols / BLOCK);
      }
    }
  }
}
