package org.puna.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.puna.tensor.quant.BlockFormat;

/**
 * Numbers in memory: a block format, a shape (outermost dimension first, row-major) and the bytes.
 * A weight matrix is {@code [out, in]}; each row of {@code in} numbers is whole blocks. The
 * segment's owner decides how long it lives.
 *
 * @param format how the bytes encode numbers
 * @param shape sizes, outermost first, each at least 1; an empty shape is a scalar
 * @param data exactly {@code format.bytes(elements)} bytes
 */
public record Tensor(BlockFormat format, long[] shape, MemorySegment data) {
  /** Checks that the bytes fit the shape. */
  public Tensor {
    Objects.requireNonNull(format);
    shape = shape.clone();
    long elements = 1;
    for (long s : shape) {
      if (s < 1) throw new IllegalArgumentException("tensor: bad shape " + Arrays.toString(shape));
      elements = Math.multiplyExact(elements, s);
    }
    long row = shape.length == 0 ? 1 : shape[shape.length - 1];
    if (row % format.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor: rows of "
              + row
              + " numbers are not whole "
              + format.name()
              + " blocks of "
              + format.blockElements());
    }
    if (format.bytes(elements) != data.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: "
              + format.name()
              + " of shape "
              + Arrays.toString(shape)
              + " takes "
              + format.bytes(elements)
              + " bytes, found "
              + data.byteSize());
    }
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** Returns the size of dimension {@code i}, counted from the outermost. */
  public long dim(int i) {
    return shape[i];
  }

  /** Returns the product of the shape. */
  public long elements() {
    long n = 1;
    for (long s : shape) n *= s;
    return n;
  }

  /** Returns the numbers in one row: the innermost size, 1 for a scalar. */
  public int rowElements() {
    return shape.length == 0 ? 1 : Math.toIntExact(shape[shape.length - 1]);
  }

  /** Returns the number of rows: the product of all sizes but the innermost. */
  public long rows() {
    return elements() / rowElements();
  }

  /** Returns the bytes of one row. */
  public long rowBytes() {
    return format.bytes(rowElements());
  }

  /**
   * Returns rows {@code from} (inclusive) to {@code to} (exclusive) of a matrix as a view of the
   * same memory.
   *
   * @throws IllegalArgumentException if this is not a matrix or the range is outside
   */
  public Tensor rows(long from, long to) {
    if (rank() != 2 || from < 0 || to > shape[0] || from >= to) {
      throw new IllegalArgumentException(
          "tensor: no rows " + from + " to " + to + " in shape " + Arrays.toString(shape));
    }
    return new Tensor(
        format,
        new long[] {to - from, shape[1]},
        data.asSlice(from * rowBytes(), (to - from) * rowBytes()));
  }

  /**
   * Returns entry {@code i} of the outermost dimension, a view of the same memory with one
   * dimension less.
   */
  public Tensor slice(long i) {
    if (rank() < 1 || i < 0 || i >= shape[0]) {
      throw new IllegalArgumentException(
          "tensor: no entry " + i + " in shape " + Arrays.toString(shape));
    }
    long bytes = data.byteSize() / shape[0];
    return new Tensor(
        format, Arrays.copyOfRange(shape, 1, shape.length), data.asSlice(i * bytes, bytes));
  }

  /** Returns all numbers as float32, row-major. */
  public float[] toFloats() {
    float[] out = new float[Math.toIntExact(elements())];
    format.decode(data, 0, out, 0, out.length);
    return out;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Tensor t
        && format.equals(t.format)
        && Arrays.equals(shape, t.shape)
        && data.mismatch(t.data) < 0;
  }

  @Override
  public int hashCode() {
    return Objects.hash(format, Arrays.hashCode(shape));
  }

  @Override
  public String toString() {
    return format.name() + Arrays.toString(shape);
  }
}
