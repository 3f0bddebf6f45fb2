package org.puna.model.weights;

/**
 * A weight that an architecture has for a configuration.
 *
 * @param name its canonical name, GGUF's
 * @param shape its sizes, outermost first
 * @param required whether a model without it is broken
 * @param rotated heads whose rows rotate in pairs, 0 for none: the rows of queries and keys are
 *     stored in one of two orders
 */
public record Weight(String name, long[] shape, boolean required, int rotated) {
  /** Copies the shape. */
  public Weight {
    shape = shape.clone();
  }

  /** A weight that every model of the configuration has. */
  public static Weight of(String name, long... shape) {
    return new Weight(name, shape, true, 0);
  }

  /** A weight that a model may lack. */
  public static Weight optional(String name, long... shape) {
    return new Weight(name, shape, false, 0);
  }

  /** A weight whose rows belong to heads that rotate. */
  public static Weight rotated(String name, int heads, long... shape) {
    return new Weight(name, shape, true, heads);
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }
}
