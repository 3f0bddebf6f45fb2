package org.puna.server.answering;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Names of answers, told apart by chance. */
public final class Ids {
  private Ids() {}

  /** Returns a prefix with 24 random hexadecimal digits. */
  public static String next(String prefix) {
    byte[] bytes = new byte[12];
    ThreadLocalRandom.current().nextBytes(bytes);
    return prefix + HexFormat.of().formatHex(bytes);
  }
}
