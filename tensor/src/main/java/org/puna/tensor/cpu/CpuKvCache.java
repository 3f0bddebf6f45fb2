package org.puna.tensor.cpu;

import java.util.Arrays;
import java.util.List;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;

/** Keys and values in arrays, one for each layer and page, allocated when it is first written. */
final class CpuKvCache implements KvCache {
  private final int pageTokens;
  private final int pages;
  private KvPages[] keys;
  private KvPages[] values;

  CpuKvCache(List<AttentionShape> layers, int pages, int pageTokens, KvType type) {
    if (pages < 1 || pageTokens < 1) {
      throw new IllegalArgumentException("cache: " + pages + " pages of " + pageTokens);
    }
    for (AttentionShape s : layers) {
      if (!type.fits(s.headDim())) {
        throw new IllegalArgumentException(
            "a cache of "
                + type.spelled()
                + " needs heads of whole blocks of "
                + KvType.BLOCK
                + " columns, this model's have "
                + s.headDim());
      }
    }
    this.pages = pages;
    this.pageTokens = pageTokens;
    keys =
        layers.stream()
            .map(s -> KvPages.ofKeys(type, pages, pageTokens, s.nKvHeads(), s.headDim()))
            .toArray(KvPages[]::new);
    values =
        layers.stream()
            .map(s -> new KvPages(type, pages, pageTokens, s.nKvHeads(), s.headDim()))
            .toArray(KvPages[]::new);
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
    return 2 * Arrays.stream(keys).mapToLong(KvPages::pageBytes).sum();
  }

  @Override
  public long bytes() {
    long sum = 0;
    for (KvPages k : keys) sum += k.bytes();
    for (KvPages v : values) sum += v.bytes();
    return sum;
  }

  /** Returns a layer's keys. */
  KvPages keys(int layer) {
    return keys[layer];
  }

  /** Returns a layer's values. */
  KvPages values(int layer) {
    return values[layer];
  }

  /** Stores this step's keys and values of a layer, each [batch.tokens(), kvCols]. */
  void write(int layer, Batch batch, float[] k, float[] v) {
    int c = keys[layer].cols();
    for (int p = 0; p < batch.parts(); p++) {
      Batch.Part part = batch.part(p);
      int row = 0;
      while (row < part.rows()) {
        int position = part.firstPosition() + row;
        int page = part.pages()[position / pageTokens];
        int in = position % pageTokens;
        int n = Math.min(pageTokens - in, part.rows() - row);
        int from = (part.firstRow() + row) * c;
        keys[layer].write(page, in, n, k, from);
        values[layer].write(page, in, n, v, from);
        row += n;
      }
    }
  }

  @Override
  public void copy(int fromPage, int toPage, int tokens) {
    for (KvPages k : keys) k.copy(fromPage, toPage, tokens);
    for (KvPages v : values) v.copy(fromPage, toPage, tokens);
  }

  @Override
  public void close() {
    keys = new KvPages[0];
    values = new KvPages[0];
  }
}
