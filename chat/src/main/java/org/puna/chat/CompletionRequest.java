package org.puna.chat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.engine.Constraint;
import org.puna.engine.Sampling;

/**
 * A text to go on with, without a template.
 *
 * @param prompt the text
 * @param parseSpecial whether spellings of control tokens in it become those tokens
 * @param sampling how tokens are drawn
 * @param stops texts that end the answer and are not part of it
 * @param maxTokens tokens of the answer at most; empty for what the context holds
 * @param constraint what the answer must look like
 */
public record CompletionRequest(
    String prompt,
    boolean parseSpecial,
    Sampling sampling,
    List<String> stops,
    OptionalInt maxTokens,
    Optional<Constraint> constraint) {

  /** Copies the list. */
  public CompletionRequest {
    stops = List.copyOf(stops);
  }

  /** A request with prompt and sampling alone. */
  public CompletionRequest(String prompt, Sampling sampling) {
    this(prompt, false, sampling, List.of(), OptionalInt.empty(), Optional.empty());
  }
}
