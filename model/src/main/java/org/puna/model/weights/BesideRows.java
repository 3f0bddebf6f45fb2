package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.puna.tensor.quant.BlockFormat;

/**
 * Tensors side by side: the rows of {@code [E, R, a]} and {@code [E, R, b]} joined to {@code [E, R,
 * a + b]}.
 *
 * @param parts tensors of equal outer sizes and one plain format
 */
record BesideRows(List<Rows> parts) implements Rows {
  @Override
  public long[] shape() {
    long[] s = parts.getFirst().shape();
    s[s.length - 1] = parts.stream().mapToLong(Rows::rowElements).sum();
    return s;
  }

  @Override
  public BlockFormat format(long row) {
    return parts.getFirst().format(0);
  }

  @Override
  public long run(long row) {
    return parts.stream().mapToLong(p -> p.run(row)).min().orElseThrow();
  }

  @Override
  public long batch() {
    return parts.stream().mapToLong(Rows::batch).max().orElse(1);
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    int bytes = format(0).blockBytes();
    long outRow = (long) rowElements() * bytes;
    long column = 0;
    for (Rows part : parts) {
      long partRow = (long) part.rowElements() * bytes;
      MemorySegment in = MemorySegment.ofArray(new byte[Math.toIntExact(n * partRow)]);
      part.copy(from, n, in);
      for (int i = 0; i < n; i++) {
        MemorySegment.copy(in, i * partRow, dst, i * outRow + column, partRow);
      }
      column += partRow;
    }
  }
}
