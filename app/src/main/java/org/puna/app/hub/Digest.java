package org.puna.app.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/** What a file's bytes must hash to. */
public sealed interface Digest {
  /** The hub says nothing. */
  record Unknown() implements Digest {}

  /**
   * Large files have their SHA-256.
   *
   * @param hex lower-case hexadecimal
   */
  record Sha256(String hex) implements Digest {}

  /**
   * Small files have git's name of their content: SHA-1 of {@code blob SIZE\0} and the bytes.
   *
   * @param hex lower-case hexadecimal
   */
  record GitBlob(String hex) implements Digest {}

  /** Returns the digest that a hexadecimal number can only be, by its length. */
  static Digest of(String hex) {
    String plain = hex.toLowerCase(Locale.ROOT);
    if (plain.matches("[0-9a-f]{64}")) return new Sha256(plain);
    return plain.matches("[0-9a-f]{40}") ? new GitBlob(plain) : new Unknown();
  }

  /**
   * Returns what computes it, ready for a file's first byte.
   *
   * @param bytes size of the file
   */
  default MessageDigest start(long bytes) {
    try {
      return switch (this) {
        case Unknown _, Sha256 _ -> MessageDigest.getInstance("SHA-256");
        case GitBlob _ -> {
          MessageDigest d = MessageDigest.getInstance("SHA-1");
          d.update(("blob " + bytes + "\0").getBytes(StandardCharsets.UTF_8));
          yield d;
        }
      };
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns what is expected, empty where nothing is. */
  default String expected() {
    return switch (this) {
      case Unknown _ -> "";
      case Sha256 d -> d.hex;
      case GitBlob d -> d.hex;
    };
  }
}
