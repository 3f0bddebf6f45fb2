package org.puna.server.openai;

import java.util.List;
import org.puna.chat.TokenLogprob;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes log-probabilities of tokens as chat completions show them. */
public final class Logprobs {
  /** What stands for the logarithm of 0, which JSON cannot say. */
  private static final double LEAST = -9999;

  private Logprobs() {}

  /** Adds each token with its alternatives to a list. */
  public static void add(ArrayNode content, List<TokenLogprob> tokens) {
    for (TokenLogprob t : tokens) {
      ObjectNode node = token(content.addObject(), t);
      ArrayNode top = node.putArray("top_logprobs");
      for (TokenLogprob other : t.top()) token(top.addObject(), other);
    }
  }

  private static ObjectNode token(ObjectNode node, TokenLogprob t) {
    node.put("token", t.token());
    node.put("logprob", finite(t.logprob()));
    ArrayNode bytes = node.putArray("bytes");
    for (byte b : t.bytes()) bytes.add(b & 0xff);
    return node;
  }

  static double finite(float x) {
    return Float.isFinite(x) ? x : LEAST;
  }
}
