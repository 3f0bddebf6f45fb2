package org.puna.model;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** Finds the fixtures among the test resources. */
public final class Fixtures {
  private Fixtures() {}

  /** Returns the path of {@code fixtures/name}. */
  public static Path path(String name) {
    URL url = Fixtures.class.getResource("/fixtures/" + name);
    if (url == null) throw new AssertionError("no test resource fixtures/" + name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
