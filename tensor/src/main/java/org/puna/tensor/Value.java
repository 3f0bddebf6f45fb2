package org.puna.tensor;

/**
 * A matrix of float32 numbers that an operation of a {@link Graph} produces: a row for each token
 * (or output, or routed copy of a token), a fixed number of columns. It names a result; it holds no
 * numbers.
 *
 * @param id position in the graph, unique
 * @param rows what a row stands for
 * @param perToken rows for each token, 1 but for {@link Rows#ROUTED}
 * @param cols numbers in a row
 */
public record Value(int id, Rows rows, int perToken, int cols) {
  /** What the rows of a value stand for. The counts are known only when a step runs. */
  public enum Rows {
    /** One row for each token of the step. */
    TOKENS,
    /** {@code perToken} rows for each token: one for each expert it visits. */
    ROUTED,
    /** One row for each token whose result is asked for. */
    OUTPUTS
  }

  /** Checks the sizes. */
  public Value {
    if (cols < 1 || perToken < 1) {
      throw new IllegalArgumentException("value: bad size " + perToken + " × " + cols);
    }
  }

  /** Returns whether {@code other} has rows of the same kind and as many columns. */
  public boolean sameShape(Value other) {
    return rows == other.rows && perToken == other.perToken && cols == other.cols;
  }
}
