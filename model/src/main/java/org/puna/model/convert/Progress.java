package org.puna.model.convert;

/** Hears how far a long piece of work is. Called by several threads, often. */
public interface Progress {
  /** Hears nothing. */
  Progress NONE = (done, total) -> {};

  /**
   * Some bytes more are written.
   *
   * @param done bytes so far
   * @param total bytes at the end
   */
  void at(long done, long total);
}
