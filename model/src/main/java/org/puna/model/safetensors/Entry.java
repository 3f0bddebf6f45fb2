package org.puna.model.safetensors;

import java.lang.foreign.MemorySegment;

/**
 * An array in a safetensors file, of any number type.
 *
 * @param dtype how its numbers are encoded, little-endian
 * @param shape sizes, outermost first; empty for a single number
 * @param data its bytes
 */
public record Entry(Dtype dtype, long[] shape, MemorySegment data) {
  /** Copies the shape. */
  public Entry {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }
}
