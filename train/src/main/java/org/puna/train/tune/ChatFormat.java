package org.puna.train.tune;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;

/**
 * Turns conversations into tokens by a model's own template, and tells which of them the assistant
 * said: what the template adds to the text when the assistant's message joins those before it.
 */
public final class ChatFormat {
  /** Templates that print a date are rendered for one day, so that examples do not change. */
  private static final LocalDateTime DAY = LocalDateTime.of(2024, 7, 26, 12, 0);

  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final @Nullable String bos;
  private final @Nullable String eos;

  /**
   * A format.
   *
   * @throws BadInput if the template is malformed
   */
  public ChatFormat(Tokenizer tokenizer, String template) {
    this.tokenizer = tokenizer;
    this.template = ChatTemplate.parse(template);
    bos = spelling(tokenizer, tokenizer.bos());
    eos = spelling(tokenizer, tokenizer.eos());
  }

  private static @Nullable String spelling(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? tokenizer.token(id.getAsInt()) : null;
  }

  /**
   * Encodes a conversation.
   *
   * @param where it is from, for errors
   * @param messages each with {@code role} and {@code content} at least; an assistant's with {@code
   *     weight} 0 is not learned
   * @param tools JSON schemas of functions, where there are any
   * @throws BadInput if the template refuses it, or does not simply append messages
   */
  public Example encode(
      String where, List<Map<String, Object>> messages, Optional<List<Object>> tools) {
    List<int[]> pieces = new ArrayList<>();
    List<Boolean> learned = new ArrayList<>();
    String done = "";
    for (int i = 0; i < messages.size(); i++) {
      if (!"assistant".equals(messages.get(i).get("role"))) continue;
      String before = render(where, messages.subList(0, i), tools, true);
      String after = render(where, messages.subList(0, i + 1), tools, false);
      if (!before.startsWith(done) || !after.startsWith(before)) {
        throw new BadInput(
            where
                + ": the model's template rewrites earlier messages when one joins, so that the"
                + " assistant's part cannot be told; cut the conversation after its first answer");
      }
      pieces.add(tokenizer.encode(before.substring(done.length()), true));
      learned.add(false);
      pieces.add(tokenizer.encode(after.substring(before.length()), true));
      learned.add(!Integer.valueOf(0).equals(messages.get(i).get(Conversations.WEIGHT)));
      done = after;
    }
    return joined(pieces, learned);
  }

  /**
   * Encodes a conversation up to where the assistant speaks.
   *
   * @param where it is from, for errors
   * @throws BadInput if the template refuses it
   */
  public int[] prompt(
      String where, List<Map<String, Object>> messages, Optional<List<Object>> tools) {
    return tokenizer.encode(render(where, messages, tools, true), true);
  }

  private static Example joined(List<int[]> pieces, List<Boolean> learned) {
    int n = pieces.stream().mapToInt(p -> p.length).sum();
    int[] ids = new int[n];
    boolean[] flags = new boolean[n];
    int at = 0;
    for (int p = 0; p < pieces.size(); p++) {
      for (int id : pieces.get(p)) {
        ids[at] = id;
        flags[at++] = learned.get(p);
      }
    }
    return new Example(ids, flags);
  }

  private String render(
      String where,
      List<Map<String, Object>> messages,
      Optional<List<Object>> tools,
      boolean generate) {
    try {
      return template.render(messages, tools.orElse(null), generate, bos, eos, DAY, Map.of());
    } catch (TemplateError e) {
      throw new BadInput(where + ": the model's template refuses this: " + e.getMessage(), e);
    }
  }
}
