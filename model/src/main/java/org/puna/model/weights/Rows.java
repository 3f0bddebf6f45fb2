package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;

/**
 * A tensor as rows that can be fetched in pieces, so that a change of layout or of format never
 * holds more than a few rows. Immutable and safe for many threads.
 */
public interface Rows {
  /** Returns the sizes, outermost first. */
  long[] shape();

  /** Returns how a row's numbers are encoded; rows of fused tensors may differ. */
  BlockFormat format(long row);

  /**
   * Returns how many rows from {@code row} on are of one format and can be fetched together.
   *
   * @return at least 1
   */
  long run(long row);

  /**
   * Copies rows.
   *
   * @param from the first
   * @param n how many, at most {@code run(from)}
   * @param dst receives their bytes one after another
   */
  void copy(long from, int n, MemorySegment dst);

  /** Returns all rows as a view of memory that is already there, where that is possible. */
  default Optional<Tensor> view() {
    return Optional.empty();
  }

  /** Returns how many rows should be fetched together at least, 1 where it does not matter. */
  default long batch() {
    return 1;
  }

  /** Returns the numbers of a row. */
  default int rowElements() {
    long[] s = shape();
    return s.length == 0 ? 1 : Math.toIntExact(s[s.length - 1]);
  }

  /** Returns the number of rows. */
  default long rows() {
    long n = 1;
    for (long s : shape()) n *= s;
    return n / rowElements();
  }

  /** Returns a tensor's own rows. */
  static Rows of(Tensor t) {
    return new TensorRows(t);
  }

  /**
   * Returns a range of rows.
   *
   * @param shape the sizes of the result
   */
  default Rows slice(long from, long... shape) {
    return new SliceRows(this, from, shape);
  }

  /**
   * Returns the rows of several tensors one after another.
   *
   * @param shape the sizes of the result
   */
  static Rows concat(List<Rows> parts, long... shape) {
    return parts.size() == 1 && Arrays.equals(parts.getFirst().shape(), shape)
        ? parts.getFirst()
        : new ConcatRows(List.copyOf(parts), shape);
  }

  /** Returns the same rows in another order: row {@code r} is this one's {@code source(r)}. */
  default Rows reordered(LongUnaryOperator source) {
    return new ReorderedRows(this, source);
  }

  /** Returns the rows in another format, the same object where they have it. */
  default Rows to(BlockFormat format) {
    long rows = rows();
    for (long r = 0; r < rows; r += run(r)) {
      if (!format(r).equals(format)) return new ConvertedRows(this, format, 0);
    }
    return this;
  }

  /** Returns the numbers plus {@code shift} as float32. */
  default Rows plus(float shift) {
    return new ConvertedRows(this, org.puna.tensor.quant.BlockFormats.F32, shift);
  }
}
