package org.puna.app;

import org.puna.fixtures.Fixtures;

/** Small files in the test resources. */
public final class Fixture {
  private Fixture() {}

  /** Returns the path of a file in the folder {@code fixtures} at the root. */
  public static String path(String name) {
    return Fixtures.path(name).toString();
  }
}
