package org.puna.chat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.puna.engine.GenerationEvent;
import org.puna.model.tokenizer.StreamDecoder;
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

  /**
   * Returns the tokens of a prompt with the texts that they gave.
   *
   * @param ids at least one
   * @param logprobs of all but the first
   * @param showSpecial whether control tokens are part of the text, as they are spelled
   * @param added how many of the first tokens no text stands for
   */
  static List<TokenLogprob> prompt(
      Tokenizer tokenizer,
      int[] ids,
      List<GenerationEvent.Logprobs> logprobs,
      boolean showSpecial,
      int added) {
    StreamDecoder decoder = tokenizer.stream(showSpecial);
    List<TokenLogprob> out = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      String piece = i < added ? "" : decoder.add(ids[i]);
      if (i == ids.length - 1) piece += decoder.finish();
      byte[] bytes = tokenizer.bytes(ids[i]);
      if (i == 0) {
        out.add(new TokenLogprob(ids[i], piece, bytes, Float.NaN, List.of()));
      } else {
        GenerationEvent.Logprobs l = logprobs.get(i - 1);
        out.add(new TokenLogprob(ids[i], piece, bytes, l.chosen(), likeliest(tokenizer, l)));
      }
    }
    return out;
  }

  private static List<TokenLogprob> likeliest(Tokenizer tokenizer, GenerationEvent.Logprobs l) {
    List<TokenLogprob> top = new ArrayList<>();
    for (int i = 0; i < l.topIds().length; i++) {
      byte[] bytes = tokenizer.bytes(l.topIds()[i]);
      String text = new String(bytes, StandardCharsets.UTF_8);
      top.add(new TokenLogprob(l.topIds()[i], text, bytes, l.top()[i], List.of()));
    }
    return top;
  }

  /** Notes that a token gave the next piece of text. */
  void add(int id, String piece, GenerationEvent.Logprobs l) {
    List<TokenLogprob> top = likeliest(tokenizer, l);
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

  /** Returns the tokens that no shown piece of text has begun with yet, and forgets them. */
  List<TokenLogprob> rest() {
    List<TokenLogprob> out = steps.stream().map(Step::token).toList();
    steps.clear();
    return out;
  }

  /** Notes that the end of the sequence gave the last token more text. */
  void end(String piece) {
    Step s = steps.pollLast();
    if (s != null) {
      TokenLogprob token = s.token.withText(s.token.token() + piece);
      steps.add(new Step(s.start, s.end + piece.length(), token));
    }
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
