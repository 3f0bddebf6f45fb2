package org.puna.server.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What log and metrics tell of one request beside its status and time. */
public final class RequestNotes {
  private @Nullable String model;
  private @Nullable String keyName;
  private int promptTokens;
  private int cachedTokens;
  private int answerTokens;
  private long ttftNanos = -1;
  private long decodeNanos;

  /** Says which model answers. */
  public void model(String name) {
    model = name;
  }

  /** Says whose key it is. */
  public void key(String name) {
    keyName = name;
  }

  /**
   * Adds what an answer took.
   *
   * @param prompt tokens of the prompt
   * @param cached those of them that the cache had
   * @param answer tokens of the answer
   * @param ttft nanoseconds to the first token, −1 if none came
   * @param decode nanoseconds from the first token to the end
   */
  public void usage(int prompt, int cached, int answer, long ttft, long decode) {
    promptTokens += prompt;
    cachedTokens += cached;
    answerTokens += answer;
    decodeNanos += decode;
    if (ttft >= 0) ttftNanos = ttftNanos < 0 ? ttft : Math.min(ttftNanos, ttft);
  }

  /** Returns the model. */
  public Optional<String> model() {
    return Optional.ofNullable(model);
  }

  /** Returns the key's name. */
  public Optional<String> key() {
    return Optional.ofNullable(keyName);
  }

  /** Returns the tokens of prompts. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Returns the tokens of prompts that were found in the cache. */
  public int cachedTokens() {
    return cachedTokens;
  }

  /** Returns the tokens of answers. */
  public int answerTokens() {
    return answerTokens;
  }

  /** Returns nanoseconds to the first token, −1 if none came. */
  public long ttftNanos() {
    return ttftNanos;
  }

  /** Returns nanoseconds from the first token to the end, over all answers. */
  public long decodeNanos() {
    return decodeNanos;
  }
}
