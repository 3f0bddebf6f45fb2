package org.puna.chat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.engine.Sampling;

/**
 * A text to go on with, without a template.
 *
 * @param prompt the text
 * @param parseSpecial whether spellings of control tokens in it become those tokens, as in a text
 *     that a chat template made; a beginning of text that it spells is not put before it again
 * @param sampling how tokens are drawn
 * @param stops texts that end the answer and are not part of it
 * @param maxTokens tokens of the answer at most, 0 to read the prompt alone; empty for what the
 *     context holds
 * @param format what the answer must look like
 * @param topLogprobs how many of the likeliest tokens to report with each token; −1 for no
 *     log-probabilities at all
 * @param timeout how long after its submission the answer is cut off; empty for no limit
 * @param promptLogprobs whether the tokens of the prompt are reported too, in {@link
 *     TextEvent.Prompt}; needs {@code topLogprobs} of 0 or more
 * @param ending when the answer may end
 */
public record CompletionRequest(
    String prompt,
    boolean parseSpecial,
    Sampling sampling,
    List<String> stops,
    OptionalInt maxTokens,
    ResponseFormat format,
    int topLogprobs,
    Optional<Duration> timeout,
    boolean promptLogprobs,
    Ending ending) {

  /** Copies the list. */
  public CompletionRequest {
    stops = List.copyOf(stops);
  }

  /** A request with prompt and sampling alone. */
  public CompletionRequest(String prompt, Sampling sampling) {
    this(
        prompt,
        true,
        sampling,
        List.of(),
        OptionalInt.empty(),
        ResponseFormat.TEXT,
        -1,
        Optional.empty(),
        false,
        Ending.USUAL);
  }

  /** Returns this request with stop strings. */
  public CompletionRequest withStops(List<String> x) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        x,
        maxTokens,
        format,
        topLogprobs,
        timeout,
        promptLogprobs,
        ending);
  }

  /** Returns this request with a largest number of tokens. */
  public CompletionRequest withMaxTokens(int n) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        OptionalInt.of(n),
        format,
        topLogprobs,
        timeout,
        promptLogprobs,
        ending);
  }

  /** Returns this request with a format of the answer. */
  public CompletionRequest withFormat(ResponseFormat x) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        maxTokens,
        x,
        topLogprobs,
        timeout,
        promptLogprobs,
        ending);
  }

  /** Returns this request with log-probabilities of each token and the {@code n} likeliest. */
  public CompletionRequest withTopLogprobs(int n) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        maxTokens,
        format,
        n,
        timeout,
        promptLogprobs,
        ending);
  }

  /** Returns this request with a time limit. */
  public CompletionRequest withTimeout(Duration x) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        maxTokens,
        format,
        topLogprobs,
        Optional.of(x),
        promptLogprobs,
        ending);
  }

  /** Returns this request with log-probabilities of the prompt's tokens, too. */
  public CompletionRequest withPromptLogprobs() {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        maxTokens,
        format,
        topLogprobs,
        timeout,
        true,
        ending);
  }

  /** Returns this request with spellings of control tokens in the prompt taken as such, or not. */
  public CompletionRequest withParseSpecial(boolean x) {
    return new CompletionRequest(
        prompt,
        x,
        sampling,
        stops,
        maxTokens,
        format,
        topLogprobs,
        timeout,
        promptLogprobs,
        ending);
  }

  /** Returns this request with another rule of when the answer may end. */
  public CompletionRequest withEnding(Ending x) {
    return new CompletionRequest(
        prompt,
        parseSpecial,
        sampling,
        stops,
        maxTokens,
        format,
        topLogprobs,
        timeout,
        promptLogprobs,
        x);
  }
}
