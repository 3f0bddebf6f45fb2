package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.function.LongUnaryOperator;
import org.puna.tensor.quant.BlockFormat;

/**
 * Another's rows in another order. Where the other has one row only (a vector), its numbers change
 * places instead.
 */
record ReorderedRows(Rows inner, LongUnaryOperator source) implements Rows {
  @Override
  public long[] shape() {
    return inner.shape();
  }

  @Override
  public BlockFormat format(long row) {
    return inner.format(0);
  }

  @Override
  public long run(long row) {
    return rows() - row;
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    BlockFormat format = inner.format(0);
    if (shape().length == 1) {
      int bytes = format.blockBytes();
      if (format.blockElements() != 1) {
        throw new IllegalStateException("numbers of a " + format.name() + " vector are fixed");
      }
      int size = rowElements();
      MemorySegment row = MemorySegment.ofArray(new byte[Math.multiplyExact(size, bytes)]);
      inner.copy(0, 1, row);
      for (int i = 0; i < size; i++) {
        MemorySegment.copy(row, source.applyAsLong(i) * bytes, dst, (long) i * bytes, bytes);
      }
      return;
    }
    long bytes = format.bytes(rowElements());
    for (int i = 0; i < n; i++) {
      inner.copy(source.applyAsLong(from + i), 1, dst.asSlice(i * bytes, bytes));
    }
  }
}
