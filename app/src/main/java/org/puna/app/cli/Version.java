package org.puna.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into {@code version.properties}, and the JVM that runs it. */
public final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"puna " + number() + " (Java " + Runtime.version() + ")"};
  }

  /** Returns the version alone, such as 0.1.0. */
  public static String number() {
    Properties p = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("/org/puna/app/version.properties")) {
      if (in == null) {
        return "unknown";
      }
      p.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return p.getProperty("version", "unknown");
  }
}
