package org.puna.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import org.puna.engine.EngineBusy;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;

/** Exceptions in LangChain4j's words, so that its retries and its callers know what they mean. */
final class Failures {
  private Failures() {}

  static RuntimeException of(RuntimeException e) {
    return switch (e) {
      case EngineBusy busy -> new RateLimitException(busy);
      case BadInput bad -> new InvalidRequestException(String.valueOf(bad.getMessage()), bad);
      case TemplateError bad -> new InvalidRequestException(String.valueOf(bad.getMessage()), bad);
      default -> e;
    };
  }
}
