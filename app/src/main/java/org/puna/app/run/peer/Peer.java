package org.puna.app.run.peer;

import java.util.OptionalDouble;

/** Another engine with the model loaded, that measures itself. */
interface Peer extends AutoCloseable {
  /** Returns its name and version in a few words. */
  String name();

  /**
   * Measures once.
   *
   * @return tokens per second, nothing where it cannot do this test
   */
  OptionalDouble measure(Trial trial);

  @Override
  void close();
}
