package org.puna.train.params;

import java.lang.foreign.MemorySegment;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;

/**
 * A weight that is trained: float32 numbers and their gradient, both changed in place.
 *
 * @param name canonical name
 * @param shape sizes, outermost first
 * @param value the numbers
 * @param gradient as many
 */
public record Parameter(String name, long[] shape, float[] value, float[] gradient) {
  /** Checks the sizes. */
  public Parameter {
    shape = shape.clone();
    long n = 1;
    for (long s : shape) n = Math.multiplyExact(n, s);
    if (value.length != n || gradient.length != n) {
      throw new IllegalArgumentException(name + ": " + value.length + " numbers, expected " + n);
    }
  }

  /** Makes a weight of zeros. */
  public static Parameter zeros(String name, long... shape) {
    long n = 1;
    for (long s : shape) n = Math.multiplyExact(n, s);
    int size = Math.toIntExact(n);
    return new Parameter(name, shape, new float[size], new float[size]);
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return shape.length;
  }

  /** Returns the numbers in it. */
  public int size() {
    return value.length;
  }

  /** Returns it as a weight of a graph, a view of the same numbers. */
  public Param param() {
    return new Param(name, new Tensor(BlockFormats.F32, shape, MemorySegment.ofArray(value)));
  }
}
