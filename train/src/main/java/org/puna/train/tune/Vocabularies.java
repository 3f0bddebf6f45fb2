package org.puna.train.tune;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;

/** Tells whether every id means the same token to two models. */
final class Vocabularies {
  private Vocabularies() {}

  /**
   * Compares a student with a teacher.
   *
   * @throws BadInput if they differ, with the first difference
   */
  static void same(Checkpoint student, Checkpoint teacher) {
    int n = student.config().vocabSize();
    int m = teacher.config().vocabSize();
    if (n != m) {
      throw new BadInput(
          "distill: the teacher's vocabulary has "
              + m
              + " tokens, the student's "
              + n
              + "; choose a teacher of the same tokenizer");
    }
    if (!student.hasTokenizer() || !teacher.hasTokenizer()) return;
    Tokenizer a = student.tokenizer();
    Tokenizer b = teacher.tokenizer();
    for (int id = 0; id < Math.min(a.vocabSize(), b.vocabSize()); id++) {
      if (!a.token(id).equals(b.token(id))) {
        throw new BadInput(
            "distill: token "
                + id
                + " is \""
                + b.token(id)
                + "\" to the teacher and \""
                + a.token(id)
                + "\" to the student; choose a teacher of the same tokenizer");
      }
    }
  }

  /** Returns the number of tokens and the SHA-256 of them all. */
  static String fingerprint(Tokenizer t) {
    return t.vocabSize() + ":" + digest(t, t.vocabSize());
  }

  /** Returns whether a tokenizer's first tokens are those of a fingerprint. */
  static boolean has(Tokenizer t, String fingerprint) {
    int colon = fingerprint.indexOf(':');
    if (colon < 1 || !fingerprint.substring(0, colon).matches("\\d{1,9}")) return false;
    int n = Integer.parseInt(fingerprint.substring(0, colon));
    return n <= t.vocabSize() && digest(t, n).equals(fingerprint.substring(colon + 1));
  }

  private static String digest(Tokenizer t, int tokens) {
    try {
      MessageDigest d = MessageDigest.getInstance("SHA-256");
      for (int id = 0; id < tokens; id++) {
        byte[] utf8 = t.token(id).getBytes(StandardCharsets.UTF_8);
        // Its length before it keeps "a", "bc" apart from "ab", "c".
        d.update(String.valueOf(utf8.length).getBytes(StandardCharsets.US_ASCII));
        d.update((byte) ':');
        d.update(utf8);
      }
      return HexFormat.of().formatHex(d.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
