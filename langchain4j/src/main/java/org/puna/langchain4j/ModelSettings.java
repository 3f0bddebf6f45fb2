package org.puna.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatModel;
import org.puna.engine.Sampling;

/**
 * A model with how it is asked.
 *
 * @param model the model
 * @param modelName the name that responses give
 * @param defaults parameters of requests that say nothing else
 * @param listeners who is told of requests, responses and errors
 * @param minP as {@link Sampling#minP}
 * @param repetitionPenalty as {@link Sampling#repetitionPenalty}
 * @param logitBias as {@link Sampling#logitBias}
 * @param seed start of the random numbers
 * @param timeout time after which an answer is given up
 * @param parallelToolCalls whether an answer that must call tools may call several
 * @param templateVariables further variables of the chat template
 */
record ModelSettings(
    ChatModel model,
    String modelName,
    ChatRequestParameters defaults,
    List<ChatModelListener> listeners,
    double minP,
    double repetitionPenalty,
    Map<Integer, Double> logitBias,
    OptionalLong seed,
    Optional<Duration> timeout,
    boolean parallelToolCalls,
    Map<String, ?> templateVariables) {

  /** Starts the answer to a request. */
  ChatAnswer start(ChatRequest request) {
    ChatRequestParameters p = request.parameters();
    checkName(p);
    org.puna.chat.ChatRequest.Builder out =
        new org.puna.chat.ChatRequest(Requests.messages(request.messages()), sampling(p))
            .with()
            .tools(Requests.tools(p.toolSpecifications()))
            .toolChoice(Requests.toolChoice(p.toolChoice()))
            .format(Requests.format(p.responseFormat()))
            .parallelToolCalls(parallelToolCalls)
            .stops(p.stopSequences() == null ? List.of() : p.stopSequences())
            .timeout(timeout)
            .templateVariables(templateVariables);
    if (p.maxOutputTokens() != null) {
      out.maxTokens(java.util.OptionalInt.of(p.maxOutputTokens()));
    }
    return model.chat(out.build());
  }

  /** Refuses the name of another model: there is only the one that was loaded. */
  void checkName(ChatRequestParameters p) {
    String name = p.modelName();
    if (name != null && !name.equals(modelName)) {
      throw new UnsupportedFeatureException(
          "'modelName' parameter: another model than the loaded \""
              + modelName
              + "\" is not supported, found \""
              + name
              + "\"");
    }
  }

  private Sampling sampling(ChatRequestParameters p) {
    return new Sampling(
        or(p.temperature(), 0),
        Objects.requireNonNullElse(p.topK(), 0),
        or(p.topP(), 1),
        minP,
        1,
        repetitionPenalty,
        or(p.presencePenalty(), 0),
        or(p.frequencyPenalty(), 0),
        logitBias,
        seed.orElseGet(() -> ThreadLocalRandom.current().nextLong()));
  }

  private static double or(@Nullable Double x, double otherwise) {
    return x == null ? otherwise : x;
  }
}
