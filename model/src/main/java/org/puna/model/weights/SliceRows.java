package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;

/** A range of another's rows. */
record SliceRows(Rows whole, long first, long[] shape) implements Rows {
  SliceRows {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  @Override
  public BlockFormat format(long row) {
    return whole.format(first + row);
  }

  @Override
  public long run(long row) {
    return Math.min(whole.run(first + row), rows() - row);
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    whole.copy(first + from, n, dst);
  }

  @Override
  public long batch() {
    return Math.min(whole.batch(), rows());
  }

  @Override
  public Optional<Tensor> view() {
    return whole
        .view()
        .map(t ->
            new Tensor(
                t.format(), shape, t.data().asSlice(first * t.rowBytes(), rows() * t.rowBytes())));
  }
}
