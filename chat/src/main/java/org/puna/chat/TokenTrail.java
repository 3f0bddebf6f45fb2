package org.puna.chat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.puna.engine.GenerationEvent;
import org.puna.model.tokenizer.Tokenizer;

/**
 * Remembers which tokens a streamed text came from, until the text is shown: pieces may be held
 * back, cut at their ends or not shown at all. Places are counted in characters of the text as the
 * tokens gave it.
 */
final class TokenTrail {
  private final Tokenizer tokenizer;
  private final Deque<Step> steps = new ArrayDeque<>();
  private long length;

  private record Step(long start, long end, TokenLogprob token) {}

  TokenTrail(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Notes that a token gave the next piece of text. */
  void add(int id, String piece, GenerationEvent.Logprobs l) {
    List<TokenLogprob> top = new ArrayList<>();
    for (int i = 0; i < l.topIds().length; i++) {
      byte[] bytes = tokenizer.bytes(l.topIds()[i]);
      String text = new String(bytes, StandardCharsets.UTF_8);
      top.add(new TokenLogprob(l.topIds()[i], text, bytes, l.top()[i], List.of()));
    }
    byte[] bytes = tokenizer.bytes(id);
    int shown = piece.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 && bytes.length == shown + 1 && bytes[0] == ' ') {
      // Tokenizers that mark words by a blank before them drop the first one.
      bytes = Arrays.copyOfRange(bytes, 1, bytes.length);
    }
    steps.add(
        new Step(
            length, length + piece.length(), new TokenLogprob(id, piece, bytes, l.chosen(), top)));
    length += piece.length();
  }

  /** Notes text that came from no token. */
  void skip(long characters) {
    length += characters;
  }

  /**
   * Returns the tokens of a piece of text that is shown, and forgets those before its end. A token
   * belongs to the piece in which its text begins to be shown.
   *
   * @param from place of its first character
   * @param to place after its last
   */
  List<TokenLogprob> show(long from, long to) {
    List<TokenLogprob> out = new ArrayList<>();
    while (!steps.isEmpty()) {
      Step s = steps.peekFirst();
      if (s.start >= to) break;
      steps.removeFirst();
      if (s.start >= from) {
        out.add(s.token);
      } else if (s.end > from) {
        out.add(s.token.withText(s.token.token().substring((int) (from - s.start))));
      }
    }
    return out;
  }
}
