package org.puna.chat;

import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;

/** What an answer must look like. */
public sealed interface ResponseFormat {
  /** Anything. */
  ResponseFormat TEXT = new Text();

  /** Anything. */
  record Text() implements ResponseFormat {}

  /** Any JSON object. */
  record JsonObject() implements ResponseFormat {}

  /**
   * JSON that validates against a schema (draft 2020-12).
   *
   * @param name what the caller calls it
   * @param schema the schema
   * @param strict whether the caller insists; answers validate either way
   */
  record JsonSchema(String name, JsonNode schema, boolean strict) implements ResponseFormat {}

  /**
   * A text of a grammar in GBNF.
   *
   * @param gbnf the grammar; its rule {@code root} is the whole text
   */
  record Grammar(String gbnf) implements ResponseFormat {
    /** Checks that there is one. */
    public Grammar {
      if (gbnf.isBlank()) throw new BadInput("grammar: expected rules, found an empty text");
    }
  }

  /**
   * A text that a regular expression matches as a whole.
   *
   * @param pattern the expression
   */
  record Regex(String pattern) implements ResponseFormat {}
}
