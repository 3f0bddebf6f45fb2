package org.puna.train.parquet;

import org.jspecify.annotations.Nullable;

/** A file that breaks the format's rules: it is cut off, or its bytes have changed. */
final class Damaged extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Damaged(String message) {
    super(message);
  }

  /**
   * Returns what the format says must be there.
   *
   * @throws Damaged if it is not
   */
  static <T> T required(@Nullable T value, String what) {
    if (value == null) throw new Damaged(what + " is missing");
    return value;
  }

  Damaged(String message, Throwable cause) {
    super(message, cause);
  }
}
