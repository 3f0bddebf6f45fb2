package org.puna.app.run;

import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.tokenizer.Tokenizer;

/** Turns a conversation into the tokens that the model was trained on, by its own template. */
final class Prompter {
  private final ChatTemplate template;
  private final Tokenizer tokenizer;

  private Prompter(ChatTemplate template, Tokenizer tokenizer) {
    this.template = template;
    this.tokenizer = tokenizer;
  }

  /**
   * Returns the prompter of a model, where it has a chat template.
   *
   * @throws org.puna.model.config.BadInput if the template's syntax is wrong
   */
  static Optional<Prompter> of(Checkpoint checkpoint) {
    return checkpoint
        .chatTemplate()
        .map(source -> new Prompter(ChatTemplate.parse(source), checkpoint.tokenizer()));
  }

  /**
   * Returns the conversation's text, up to where the answer begins.
   *
   * @throws org.puna.model.chat.TemplateError if the template refuses the conversation
   */
  String render(List<Turn> turns) {
    List<Map<String, Object>> messages =
        turns.stream()
            .map(t -> {
              Map<String, Object> m = new LinkedHashMap<>();
              m.put("role", t.role());
              m.put("content", t.content());
              return m;
            })
            .toList();
    return template.render(
        messages,
        null,
        true,
        spelled(tokenizer.bos()),
        spelled(tokenizer.eos()),
        LocalDateTime.now(java.time.ZoneId.systemDefault()),
        Map.of());
  }

  /** Returns the tokens of a rendered conversation. */
  int[] encode(String rendered) {
    // The template writes the special tokens itself, the first one too.
    return tokenizer.encode(rendered, true);
  }

  private @Nullable String spelled(OptionalInt id) {
    return id.isPresent() ? tokenizer.token(id.getAsInt()) : null;
  }
}
