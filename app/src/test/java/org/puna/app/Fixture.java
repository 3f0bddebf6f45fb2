package org.puna.app;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;

/** Small files in the test resources. */
public final class Fixture {
  private Fixture() {}

  /** Returns the path of a file in the folder {@code fixtures} at the root. */
  public static String path(String name) {
    URL url = Objects.requireNonNull(Fixture.class.getResource("/fixtures/" + name), name);
    try {
      return Path.of(url.toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
