package org.puna.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatModel;
import org.puna.chat.LocalModel;

/**
 * What the builders of both chat models take.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ModelBuilder<B extends ModelBuilder<B>>
    permits PunaChatModel.Builder, PunaStreamingChatModel.Builder {
  private @Nullable ChatModel model;
  private String modelName = "puna";
  private final DefaultChatRequestParameters.Builder<?> own =
      DefaultChatRequestParameters.builder();
  private ChatRequestParameters defaults = DefaultChatRequestParameters.EMPTY;
  private List<ChatModelListener> listeners = List.of();
  private double minP;
  private double repetitionPenalty = 1;
  private Map<Integer, Double> logitBias = Map.of();
  private OptionalLong seed = OptionalLong.empty();
  private Optional<Duration> timeout = Optional.empty();
  private boolean parallelToolCalls = true;
  private Map<String, ?> templateVariables = Map.of();

  ModelBuilder() {}

  @SuppressWarnings("unchecked") // The subclasses name themselves.
  private B self() {
    return (B) this;
  }

  /** Sets the model to ask, and its name. The model stays the caller's to close. */
  public B model(LocalModel x) {
    modelName = x.name();
    return model(x.chat());
  }

  /** Sets the model to ask. */
  public B model(ChatModel x) {
    model = x;
    return self();
  }

  /** Sets the name that responses give. */
  public B modelName(String x) {
    modelName = x;
    return self();
  }

  /** Sets the divisor of the logits, 0 for the likeliest token, which is the default. */
  public B temperature(double x) {
    own.temperature(x);
    return self();
  }

  /** Sets the probability of the smallest set of tokens to draw from; 1 for all, the default. */
  public B topP(double x) {
    own.topP(x);
    return self();
  }

  /** Sets the number of likeliest tokens to draw from; 0 for all, the default. */
  public B topK(int x) {
    own.topK(x);
    return self();
  }

  /** Sets the least probability of a token relative to the likeliest; 0 for none, the default. */
  public B minP(double x) {
    minP = x;
    return self();
  }

  /** Sets what is subtracted from a token's logit for each time that it is in the answer. */
  public B frequencyPenalty(double x) {
    own.frequencyPenalty(x);
    return self();
  }

  /** Sets what is subtracted from the logits of tokens in the answer. */
  public B presencePenalty(double x) {
    own.presencePenalty(x);
    return self();
  }

  /** Sets the divisor of the logits of tokens already seen; 1 for none, the default. */
  public B repetitionPenalty(double x) {
    repetitionPenalty = x;
    return self();
  }

  /** Sets what is added to the logits of tokens. */
  public B logitBias(Map<Integer, Double> x) {
    logitBias = Map.copyOf(x);
    return self();
  }

  /** Sets the start of the random numbers; without it each answer is drawn anew. */
  public B seed(long x) {
    seed = OptionalLong.of(x);
    return self();
  }

  /** Sets the largest number of tokens of an answer. */
  public B maxOutputTokens(int x) {
    own.maxOutputTokens(x);
    return self();
  }

  /** Sets texts that end an answer and are not part of it. */
  public B stopSequences(List<String> x) {
    own.stopSequences(x);
    return self();
  }

  /** Sets what answers must look like. */
  public B responseFormat(ResponseFormat x) {
    own.responseFormat(x);
    return self();
  }

  /** Sets whether an answer that must call tools may call several. */
  public B parallelToolCalls(boolean x) {
    parallelToolCalls = x;
    return self();
  }

  /** Sets the time after which an answer is given up. */
  public B timeout(Duration x) {
    timeout = Optional.of(x);
    return self();
  }

  /** Sets further variables of the model's chat template, such as {@code enable_thinking}. */
  public B templateVariables(Map<String, ?> x) {
    templateVariables = Map.copyOf(x);
    return self();
  }

  /** Sets parameters of requests that say nothing else; what the other methods set goes first. */
  public B defaultRequestParameters(ChatRequestParameters x) {
    defaults = x;
    return self();
  }

  /** Sets who is told of requests, responses and errors. */
  public B listeners(List<ChatModelListener> x) {
    listeners = List.copyOf(x);
    return self();
  }

  /** Returns what was set. */
  ModelSettings settings() {
    if (model == null) {
      throw new IllegalStateException("expected a model, found none; give one with model(…)");
    }
    // The name of a model that is not there must be refused, not overwritten.
    if (defaults.modelName() == null) own.modelName(modelName);
    ModelSettings settings =
        new ModelSettings(
            model,
            modelName,
            defaults.overrideWith(own.build()),
            listeners,
            minP,
            repetitionPenalty,
            logitBias,
            seed,
            timeout,
            parallelToolCalls,
            templateVariables);
    settings.checkName(settings.defaults());
    return settings;
  }
}
