package org.puna.tensor.cpu;

import java.util.Arrays;
import java.util.List;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvCache;

/**
 * Keys and values as float32 arrays, one for each layer and page, allocated when the page is first
 * written.
 */
final class CpuKvCache implements KvCache {
  private static final float[] UNWRITTEN = new float[0];

  private final int pageTokens;
  private final int pages;
  private final int[] columns;
  private final float[][][] keys;
  private final float[][][] values;
  private long bytes;

  CpuKvCache(List<AttentionShape> layers, int pages, int pageTokens) {
    if (pages < 1 || pageTokens < 1) {
      throw new IllegalArgumentException("cache: " + pages + " pages of " + pageTokens);
    }
    this.pages = pages;
    this.pageTokens = pageTokens;
    columns = layers.stream().mapToInt(AttentionShape::kvCols).toArray();
    keys = new float[columns.length][pages][];
    values = new float[columns.length][pages][];
    for (int layer = 0; layer < columns.length; layer++) {
      Arrays.fill(keys[layer], UNWRITTEN);
      Arrays.fill(values[layer], UNWRITTEN);
    }
  }

  @Override
  public int pageTokens() {
    return pageTokens;
  }

  @Override
  public int pages() {
    return pages;
  }

  @Override
  public long pageBytes() {
    long columnsOfAll = 0;
    for (int c : columns) columnsOfAll += c;
    return 2L * Float.BYTES * pageTokens * columnsOfAll;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  /** Returns the pages of a layer's keys, each [pageTokens, kvCols], empty where never written. */
  float[][] keys(int layer) {
    return keys[layer];
  }

  /** Returns the pages of a layer's values. */
  float[][] values(int layer) {
    return values[layer];
  }

  /** Stores this step's keys and values of a layer, each [batch.tokens(), kvCols]. */
  void write(int layer, Batch batch, float[] k, float[] v) {
    int c = columns[layer];
    for (int p = 0; p < batch.parts(); p++) {
      Batch.Part part = batch.part(p);
      int row = 0;
      while (row < part.rows()) {
        int position = part.firstPosition() + row;
        int page = part.pages()[position / pageTokens];
        int in = position % pageTokens;
        int n = Math.min(pageTokens - in, part.rows() - row);
        int from = (part.firstRow() + row) * c;
        System.arraycopy(k, from, page(keys[layer], page, c), in * c, n * c);
        System.arraycopy(v, from, page(values[layer], page, c), in * c, n * c);
        row += n;
      }
    }
  }

  private float[] page(float[][] layer, int page, int c) {
    float[] p = layer[page];
    if (p.length == 0) {
      p = new float[pageTokens * c];
      layer[page] = p;
      bytes += (long) p.length * Float.BYTES;
    }
    return p;
  }

  @Override
  public void copy(int fromPage, int toPage, int tokens) {
    for (int layer = 0; layer < columns.length; layer++) {
      int c = columns[layer];
      copy(keys[layer], fromPage, toPage, tokens, c);
      copy(values[layer], fromPage, toPage, tokens, c);
    }
  }

  private void copy(float[][] layer, int from, int to, int tokens, int c) {
    float[] source = layer[from];
    if (source.length > 0) System.arraycopy(source, 0, page(layer, to, c), 0, tokens * c);
  }

  @Override
  public void close() {
    for (int layer = 0; layer < columns.length; layer++) {
      keys[layer] = new float[0][];
      values[layer] = new float[0][];
    }
    bytes = 0;
  }
}
