package org.puna.chat.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.puna.engine.Constraint;

/** Answers of a model that knows nothing: every allowed token is as likely as any other. */
final class RandomAnswers {
  private final Pieces pieces =
      new Pieces(
          "{\"", "\":", "\": ", ", \"", "\"}", "true", "null", "name", " the", "é", "日本", "\\n",
          "]}", "0.", "12", "-1", "[[", "\"\"", "}}", ",\"");
  private final TokenMasks masks;
  private final Random random;

  RandomAnswers(Grammar grammar, long seed) {
    masks =
        new TokenMasks(
            new Automaton(grammar), new Alphabet(pieces, Set.of(pieces.end()), List.of()));
    random = new Random(seed);
  }

  /** Draws an answer of at most {@code maxTokens} tokens. */
  String draw(int maxTokens) {
    Constraint c = masks.start();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int remaining = maxTokens; remaining > 0 && !c.finished(); remaining--) {
      long[] allowed = c.allowed(remaining);
      int n = 0;
      for (long word : allowed) n += Long.bitCount(word);
      assertThat(n).as("allowed tokens after %s", out).isPositive();
      int pick = random.nextInt(n);
      int token = -1;
      for (int id = 0; id < pieces.vocabSize(); id++) {
        if ((allowed[id >> 6] >>> id & 1) != 0 && pick-- == 0) token = id;
      }
      c.accept(token);
      if (token == pieces.end()) break;
      out.writeBytes(pieces.bytes(token));
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(out.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new AssertionError("not UTF-8: " + out, e);
    }
  }

  /** Returns whether a whole text is of the grammar. */
  static boolean matches(Grammar grammar, String text) {
    Automaton.State s = new Automaton(grammar).start();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      s = s.next(b & 0xFF);
      if (s == null) return false;
    }
    return s.accepts();
  }
}
