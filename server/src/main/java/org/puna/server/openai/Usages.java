package org.puna.server.openai;

import org.puna.engine.GenerationEvent;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.http.RequestNotes;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Adds up what the answers of a request took. The prompt counts once, as OpenAI counts it. */
final class Usages {
  private final RequestNotes notes;
  private final Tokenizer tokenizer;
  private int prompt;
  private int cached;
  private int answer;
  private int reasoning;

  Usages(RequestNotes notes, Tokenizer tokenizer) {
    this.notes = notes;
    this.tokenizer = tokenizer;
  }

  /** Adds what an answer thought: its tokens are among those of the answer. */
  void addReasoning(String text) {
    if (!text.isEmpty()) reasoning += tokenizer.encode(text, false).length;
  }

  void add(GenerationEvent.Usage u) {
    prompt = Math.max(prompt, u.promptTokens());
    cached = answer == 0 && cached == 0 ? u.sharedTokens() : Math.min(cached, u.sharedTokens());
    answer += u.answerTokens();
    notes.answer(u);
  }

  /** Adds the prompt of a further text. */
  void addText(GenerationEvent.Usage u, boolean first) {
    if (first) prompt += u.promptTokens();
    cached += first ? u.sharedTokens() : 0;
    answer += u.answerTokens();
    notes.answer(u);
  }

  /** Returns the counts in OpenAI's names. */
  ObjectNode toJson() {
    ObjectNode u = JsonNodeFactory.instance.objectNode();
    u.put("prompt_tokens", prompt);
    u.put("completion_tokens", answer);
    u.put("total_tokens", prompt + answer);
    u.putObject("prompt_tokens_details").put("cached_tokens", cached).put("audio_tokens", 0);
    u.putObject("completion_tokens_details")
        .put("reasoning_tokens", reasoning)
        .put("audio_tokens", 0);
    return u;
  }
}
