package org.puna.tensor;

/** Copies of weights that a backend keeps beside them, in a layout of its own. */
public interface Repacked extends AutoCloseable {
  /** No copies. */
  Repacked NONE =
      new Repacked() {
        @Override
        public long bytes() {
          return 0;
        }

        @Override
        public void close() {}
      };

  /** Returns the bytes of all copies, those that are not made yet included. */
  long bytes();

  /** Frees the copies; the weights themselves are used from then on. */
  @Override
  void close();
}
