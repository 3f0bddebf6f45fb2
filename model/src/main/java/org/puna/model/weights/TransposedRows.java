package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import org.puna.tensor.quant.BlockFormat;

/**
 * A range of columns of {@code [E, rows, columns]} as rows: {@code [E, width, rows]}.
 *
 * @param inner the original, of a plain number type
 * @param column the first column
 * @param width how many columns
 */
record TransposedRows(Rows inner, long column, long width) implements Rows {
  TransposedRows {
    long[] s = inner.shape();
    if (s.length != 3 || column + width > s[2] || inner.format(0).blockElements() != 1) {
      throw new IllegalArgumentException("only plain tensors of three dimensions transpose");
    }
  }

  @Override
  public long[] shape() {
    long[] s = inner.shape();
    return new long[] {s[0], width, s[1]};
  }

  @Override
  public BlockFormat format(long row) {
    return inner.format(0);
  }

  @Override
  public long run(long row) {
    return width - row % width;
  }

  /** A batch of neighbouring columns reads each original row once. */
  @Override
  public long batch() {
    return inner.view().isPresent() ? Math.min(64, width) : width;
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    int bytes = inner.format(0).blockBytes();
    int height = (int) inner.shape()[1];
    int rowBytes = Math.multiplyExact(inner.rowElements(), bytes);
    long expert = from / width;
    long first = (column + from % width) * bytes;
    MemorySegment whole = inner.view().isPresent() ? inner.view().get().data() : null;
    MemorySegment row = MemorySegment.ofArray(new byte[whole == null ? rowBytes : 0]);
    for (int i = 0; i < height; i++) {
      MemorySegment source = row;
      long at = first;
      if (whole == null) {
        inner.copy(expert * height + i, 1, row);
      } else {
        source = whole;
        at += (expert * height + i) * rowBytes;
      }
      for (int j = 0; j < n; j++) {
        MemorySegment.copy(
            source, at + (long) j * bytes, dst, ((long) j * height + i) * bytes, bytes);
      }
    }
  }
}
