package org.puna.server.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.engine.GenerationEvent;

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

  /** Adds what an answer took. */
  public void answer(GenerationEvent.Usage u) {
    promptTokens += u.promptTokens();
    cachedTokens += u.sharedTokens();
    answerTokens += u.answerTokens();
    decodeNanos += u.decodeNanos();
    if (u.ttftNanos() >= 0) {
      ttftNanos = ttftNanos < 0 ? u.ttftNanos() : Math.min(ttftNanos, u.ttftNanos());
    }
  }

  /** Adds tokens that were read and not answered: those of embeddings. */
  public void read(int tokens) {
    promptTokens += tokens;
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
