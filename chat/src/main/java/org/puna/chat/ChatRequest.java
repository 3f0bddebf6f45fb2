package org.puna.chat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.engine.Sampling;

/**
 * A conversation to answer. Start with {@link #of} and add what is needed:
 *
 * <pre>{@code
 * ChatRequest.of(List.of(Message.user("Hello"))).withSampling(sampling).withMaxTokens(100)
 * }</pre>
 *
 * @param messages in order, the last one usually the user's
 * @param tools functions that the model may ask to call
 * @param toolChoice whether it must
 * @param parallelToolCalls whether one answer may ask for several calls where it must ask for one
 * @param sampling how tokens are drawn
 * @param stops texts that end the answer and are not part of it
 * @param maxTokens tokens of the answer at most; empty for what the context holds
 * @param format what the answer must look like; where the model thinks before it answers, the
 *     thoughts are free
 * @param topLogprobs how many of the likeliest tokens to report with each token; −1 for no
 *     log-probabilities at all
 * @param timeout how long after its submission the answer is cut off; empty for no limit
 * @param continuing whether the answer goes on with the last message, which is then the
 *     assistant's, in place of starting one of its own
 * @param ending when the answer may end
 * @param templateVariables further variables of the chat template, such as {@code enable_thinking},
 *     as plain Java
 */
public record ChatRequest(
    List<Message> messages,
    List<Tool> tools,
    ToolChoice toolChoice,
    boolean parallelToolCalls,
    Sampling sampling,
    List<String> stops,
    OptionalInt maxTokens,
    ResponseFormat format,
    int topLogprobs,
    Optional<Duration> timeout,
    boolean continuing,
    Ending ending,
    Map<String, ?> templateVariables) {

  /** Copies the lists. */
  public ChatRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    stops = List.copyOf(stops);
  }

  /** Returns a request with messages alone: the likeliest tokens, to the end of the context. */
  public static ChatRequest of(List<Message> messages) {
    return new ChatRequest(messages, Sampling.greedy());
  }

  /** A request with messages and sampling alone. */
  public ChatRequest(List<Message> messages, Sampling sampling) {
    this(
        messages,
        List.of(),
        new ToolChoice.Auto(),
        true,
        sampling,
        List.of(),
        OptionalInt.empty(),
        ResponseFormat.TEXT,
        -1,
        Optional.empty(),
        false,
        Ending.USUAL,
        Map.of());
  }

  /** Returns this request with other messages. */
  public ChatRequest withMessages(List<Message> x) {
    return with().messages(x).build();
  }

  /** Returns this request with tools. */
  public ChatRequest withTools(List<Tool> x) {
    return with().tools(x).build();
  }

  /** Returns this request with a choice of tools. */
  public ChatRequest withToolChoice(ToolChoice x) {
    return with().toolChoice(x).build();
  }

  /** Returns this request with several calls in one answer allowed, or not. */
  public ChatRequest withParallelToolCalls(boolean x) {
    return with().parallelToolCalls(x).build();
  }

  /** Returns this request with another way to draw tokens. */
  public ChatRequest withSampling(Sampling x) {
    return with().sampling(x).build();
  }

  /** Returns this request with stop strings. */
  public ChatRequest withStops(List<String> x) {
    return with().stops(x).build();
  }

  /** Returns this request with a largest number of tokens. */
  public ChatRequest withMaxTokens(int n) {
    return with().maxTokens(OptionalInt.of(n)).build();
  }

  /** Returns this request with a format of the answer. */
  public ChatRequest withFormat(ResponseFormat x) {
    return with().format(x).build();
  }

  /** Returns this request with log-probabilities of each token and the {@code n} likeliest. */
  public ChatRequest withTopLogprobs(int n) {
    return with().topLogprobs(n).build();
  }

  /** Returns this request with a time limit. */
  public ChatRequest withTimeout(Duration x) {
    return with().timeout(Optional.of(x)).build();
  }

  /** Returns this request with an answer that goes on with the last message, or not. */
  public ChatRequest withContinuing(boolean x) {
    return with().continuing(x).build();
  }

  /** Returns this request with another rule of when the answer may end. */
  public ChatRequest withEnding(Ending x) {
    return with().ending(x).build();
  }

  /** Returns this request with variables for the template. */
  public ChatRequest withTemplateVariables(Map<String, ?> x) {
    return with().templateVariables(x).build();
  }

  /** Returns a builder that starts as this request. */
  public Builder with() {
    return new Builder(this);
  }

  /** Returns the tools that are shown to the model. */
  List<Tool> shownTools() {
    return toolChoice instanceof ToolChoice.None ? List.of() : tools;
  }

  /** Changes some of a request's parts. */
  public static final class Builder {
    private List<Message> messages;
    private List<Tool> tools;
    private ToolChoice toolChoice;
    private boolean parallelToolCalls;
    private Sampling sampling;
    private List<String> stops;
    private OptionalInt maxTokens;
    private ResponseFormat format;
    private int topLogprobs;
    private Optional<Duration> timeout;
    private boolean continuing;
    private Ending ending;
    private Map<String, ?> templateVariables;

    private Builder(ChatRequest r) {
      messages = r.messages;
      tools = r.tools;
      toolChoice = r.toolChoice;
      parallelToolCalls = r.parallelToolCalls;
      sampling = r.sampling;
      stops = r.stops;
      maxTokens = r.maxTokens;
      format = r.format;
      topLogprobs = r.topLogprobs;
      timeout = r.timeout;
      continuing = r.continuing;
      ending = r.ending;
      templateVariables = r.templateVariables;
    }

    /** Sets {@link ChatRequest#messages}. */
    public Builder messages(List<Message> x) {
      messages = x;
      return this;
    }

    /** Sets {@link ChatRequest#tools}. */
    public Builder tools(List<Tool> x) {
      tools = x;
      return this;
    }

    /** Sets {@link ChatRequest#toolChoice}. */
    public Builder toolChoice(ToolChoice x) {
      toolChoice = x;
      return this;
    }

    /** Sets {@link ChatRequest#parallelToolCalls}. */
    public Builder parallelToolCalls(boolean x) {
      parallelToolCalls = x;
      return this;
    }

    /** Sets {@link ChatRequest#sampling}. */
    public Builder sampling(Sampling x) {
      sampling = x;
      return this;
    }

    /** Sets {@link ChatRequest#stops}. */
    public Builder stops(List<String> x) {
      stops = x;
      return this;
    }

    /** Sets {@link ChatRequest#maxTokens}. */
    public Builder maxTokens(OptionalInt x) {
      maxTokens = x;
      return this;
    }

    /** Sets {@link ChatRequest#format}. */
    public Builder format(ResponseFormat x) {
      format = x;
      return this;
    }

    /** Sets {@link ChatRequest#topLogprobs}. */
    public Builder topLogprobs(int x) {
      topLogprobs = x;
      return this;
    }

    /** Sets {@link ChatRequest#timeout}. */
    public Builder timeout(Optional<Duration> x) {
      timeout = x;
      return this;
    }

    /** Sets {@link ChatRequest#continuing}. */
    public Builder continuing(boolean x) {
      continuing = x;
      return this;
    }

    /** Sets {@link ChatRequest#ending}. */
    public Builder ending(Ending x) {
      ending = x;
      return this;
    }

    /** Sets {@link ChatRequest#templateVariables}. */
    public Builder templateVariables(Map<String, ?> x) {
      templateVariables = x;
      return this;
    }

    /** Returns the request. */
    public ChatRequest build() {
      return new ChatRequest(
          messages,
          tools,
          toolChoice,
          parallelToolCalls,
          sampling,
          stops,
          maxTokens,
          format,
          topLogprobs,
          timeout,
          continuing,
          ending,
          templateVariables);
    }
  }
}
