package org.puna.chat;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How likely the model's own distribution made a token, before sampling changed it.
 *
 * @param id token id
 * @param token the text that it added to the answer: empty where it ended within a character, whose
 *     text then belongs to the token that completes it
 * @param bytes what it stands for in UTF-8, maybe a part of a character
 * @param logprob natural logarithm of its probability
 * @param top the likeliest tokens in its place, likeliest first; theirs have none
 */
public record TokenLogprob(
    int id, String token, byte[] bytes, float logprob, List<TokenLogprob> top) {
  /** Copies list and bytes. */
  public TokenLogprob {
    bytes = bytes.clone();
    top = List.copyOf(top);
  }

  @Override
  public byte[] bytes() {
    return bytes.clone();
  }

  TokenLogprob withText(String text) {
    return new TokenLogprob(id, text, bytes, logprob, top);
  }

  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof TokenLogprob t
        && id == t.id
        && Float.compare(logprob, t.logprob) == 0
        && token.equals(t.token)
        && Arrays.equals(bytes, t.bytes)
        && top.equals(t.top);
  }

  @Override
  public int hashCode() {
    return 31 * id + Float.hashCode(logprob);
  }
}
