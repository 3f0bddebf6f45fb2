package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.puna.tensor.quant.BlockFormat;

/** The rows of several tensors one after another; a piece never crosses from one to the next. */
record ConcatRows(List<Rows> parts, long[] shape, long[] starts) implements Rows {
  ConcatRows(List<Rows> parts, long... shape) {
    this(parts, shape.clone(), starts(parts));
    if (starts[parts.size()] != rows()) {
      throw new IllegalArgumentException(starts[parts.size()] + " rows, expected " + rows());
    }
  }

  private static long[] starts(List<Rows> parts) {
    long[] out = new long[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) out[i + 1] = out[i] + parts.get(i).rows();
    return out;
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public BlockFormat format(long row) {
    int p = part(row);
    return parts.get(p).format(row - starts[p]);
  }

  @Override
  public long run(long row) {
    int p = part(row);
    return parts.get(p).run(row - starts[p]);
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    int p = part(from);
    parts.get(p).copy(from - starts[p], n, dst);
  }

  @Override
  public long batch() {
    return parts.stream().mapToLong(Rows::batch).max().orElse(1);
  }

  private int part(long row) {
    int low = 0;
    int high = parts.size() - 1;
    while (low < high) {
      int mid = (low + high + 1) >>> 1;
      if (starts[mid] <= row) low = mid;
      else high = mid - 1;
    }
    return low;
  }
}
