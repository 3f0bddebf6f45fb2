package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;

/** The rows of a tensor in memory. */
record TensorRows(Tensor tensor) implements Rows {
  @Override
  public long[] shape() {
    return tensor.shape();
  }

  @Override
  public BlockFormat format(long row) {
    return tensor.format();
  }

  @Override
  public long run(long row) {
    return tensor.rows() - row;
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    long bytes = tensor.rowBytes();
    MemorySegment.copy(tensor.data(), from * bytes, dst, 0, n * bytes);
  }

  @Override
  public Optional<Tensor> view() {
    return Optional.of(tensor);
  }
}
