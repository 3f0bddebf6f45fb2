package org.puna.server.openai;

import java.util.List;
import org.puna.chat.TokenLogprob;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokens of one continuation as completions show them: lists of texts, of log-probabilities, of
 * the likeliest in their places, and of where they begin in the text that is returned, counted in
 * code points.
 */
final class ChoiceLogprobs {
  private ObjectNode lists = empty();
  private int offset;

  private static ObjectNode empty() {
    ObjectNode lists = JsonNodeFactory.instance.objectNode();
    for (String name : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
      lists.putArray(name);
    }
    return lists;
  }

  /**
   * Adds the tokens of the prompt, before any other.
   *
   * @param text the prompt as it is returned; a tokenizer that changes texts may give tokens of
   *     another length, which then begin within this text all the same
   */
  void addPrompt(List<TokenLogprob> tokens, String text) {
    int length = text.codePointCount(0, text.length());
    for (TokenLogprob t : tokens) add(t, length);
    offset = length;
  }

  /** Adds tokens of the answer. */
  void add(List<TokenLogprob> tokens) {
    for (TokenLogprob t : tokens) add(t, Integer.MAX_VALUE);
  }

  private void add(TokenLogprob t, int most) {
    list("tokens").add(t.token());
    list("text_offset").add(Math.min(offset, most));
    offset += t.token().codePointCount(0, t.token().length());
    if (Float.isNaN(t.logprob())) {
      list("token_logprobs").addNull();
      list("top_logprobs").addNull();
      return;
    }
    list("token_logprobs").add(Logprobs.finite(t.logprob()));
    ObjectNode top = list("top_logprobs").addObject();
    for (TokenLogprob other : t.top()) {
      put(top, other.id() == t.id() ? t.token() : other.token(), other.logprob());
    }
    put(top, t.token(), t.logprob());
  }

  /** Adds a token; of several with the same text the likeliest, which comes first, stays. */
  private static void put(ObjectNode top, String token, float logprob) {
    if (!top.has(token)) top.put(token, Logprobs.finite(logprob));
  }

  private ArrayNode list(String name) {
    return (ArrayNode) lists.get(name);
  }

  /** Puts what has been added since the last time into a choice: null where that is nothing. */
  void moveTo(ObjectNode choice) {
    if (list("tokens").isEmpty()) {
      choice.putNull("logprobs");
      return;
    }
    choice.set("logprobs", lists);
    lists = empty();
  }
}
