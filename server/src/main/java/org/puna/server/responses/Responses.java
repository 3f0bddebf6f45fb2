package org.puna.server.responses;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatRequest;
import org.puna.chat.Message;
import org.puna.engine.GenerationEvent;
import org.puna.engine.NotNumbers;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.answering.Answers;
import org.puna.server.answering.Asking;
import org.puna.server.answering.EngineFailed;
import org.puna.server.answering.Ids;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.ClientGone;
import org.puna.server.http.Endpoint;
import org.puna.server.http.ErrorShape;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.http.Route;
import org.puna.server.serving.ModelRegistry;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code POST /v1/responses} and what was answered: {@code GET} and {@code DELETE
 * /v1/responses/{id}}, {@code GET /v1/responses/{id}/input_items}.
 */
public final class Responses {
  /** Bytes of answers that are remembered together. */
  private static final long MEMORY = 64L << 20;

  private final ModelRegistry models;
  private final Clock clock;
  private final ResponseStore store = new ResponseStore(MEMORY);

  private Responses(ModelRegistry models, Clock clock) {
    this.models = models;
    this.clock = clock;
  }

  /** Returns the endpoints over a server's models, with one memory. */
  public static List<Endpoint> endpoints(ModelRegistry models, Clock clock) {
    Responses r = new Responses(models, clock);
    return List.of(
        Route.of("POST", "/v1/responses", r::create).reading("input"),
        Route.of("GET", "/v1/responses/{id}", r::get),
        Route.of("DELETE", "/v1/responses/{id}", r::delete),
        Route.of("GET", "/v1/responses/{id}/input_items", r::inputItems));
  }

  private static String owner(Exchange x) {
    return x.notes().key().orElse("");
  }

  private ResponseStore.Stored stored(Exchange x) {
    String id = x.pathPart("id");
    return store
        .find(id, owner(x))
        .orElseThrow(
            () -> new ApiFailure(new ApiError.NotFound("There is no response '" + id + "' here")));
  }

  private void get(Exchange x) {
    x.json(stored(x).response());
  }

  private void delete(Exchange x) {
    String id = x.pathPart("id");
    stored(x);
    store.remove(id, owner(x));
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("id", id).put("object", "response").put("deleted", true);
    x.json(root);
  }

  private void inputItems(Exchange x) {
    ArrayNode items = stored(x).input();
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("object", "list");
    root.set("data", items);
    root.put("has_more", false);
    root.put("first_id", items.isEmpty() ? "" : items.get(0).path("id").asString(""));
    root.put("last_id", items.isEmpty() ? "" : items.get(items.size() - 1).path("id").asString(""));
    x.json(root);
  }

  private void create(Exchange x) throws Exception {
    Fields f = x.body();
    if (f.flag("background").orElse(false)) {
      throw ApiFailure.field("background", "answers are given at once; leave it out");
    }
    if (f.has("conversation")) {
      throw ApiFailure.field(
          "conversation", "conversations are not kept here; use previous_response_id");
    }
    if (f.text("truncation").filter(t -> !t.equals("disabled")).isPresent()) {
      throw ApiFailure.field(
          "truncation", "expected disabled: nothing is left out of a conversation here");
    }
    ResponseFields.checkMetadata(f);
    List<Message> before = List.of();
    Optional<String> previous = f.text("previous_response_id");
    if (previous.isPresent()) {
      before =
          store
              .find(previous.get(), owner(x))
              .orElseThrow(() ->
                  ApiFailure.field(
                      "previous_response_id",
                      "there is no response '" + previous.get() + "' here (any more)"))
              .messages();
    }
    InputItems input = new InputItems(before);
    input.read(f);
    if (input.messages().isEmpty()) {
      throw ApiFailure.field("input", "expected at least one message, found none");
    }
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, 1)) {
      x.notes().model(lease.name());
      ChatRequest request = ResponseFields.read(f, lease.model(), input.messages());
      try (Answers<ChatEvent> answers = Asking.chat(x, lease.model(), request, 1)) {
        new Run(x, f, lease, request, input.messages()).answer(answers);
      }
    }
  }

  /** One response that is being made. */
  private final class Run {
    private final Exchange x;
    private final boolean stream;
    private final List<Message> conversation;
    private final ObjectNode response;
    private final Fields fields;
    private final Tokenizer tokenizer;

    Run(
        Exchange x,
        Fields f,
        ModelRegistry.Lease lease,
        ChatRequest request,
        List<Message> conversation) {
      this.x = x;
      this.fields = f;
      this.stream = f.flag("stream").orElse(false);
      this.conversation = conversation;
      this.tokenizer = lease.model().chat().tokenizer();
      this.response = begin(f, lease.name(), request);
    }

    private ObjectNode begin(Fields f, String model, ChatRequest request) {
      ObjectNode r = JsonNodeFactory.instance.objectNode();
      r.put("id", Ids.next("resp_"));
      r.put("object", "response");
      r.put("created_at", clock.instant().getEpochSecond());
      r.put("status", "in_progress");
      r.put("background", false);
      r.putNull("error");
      r.putNull("incomplete_details");
      r.set("instructions", f.node().get("instructions"));
      set(r, "max_output_tokens", ResponseFields.echo(f, "max_output_tokens"));
      r.put("model", model);
      r.putArray("output");
      r.put("parallel_tool_calls", request.parallelToolCalls());
      set(r, "previous_response_id", ResponseFields.echo(f, "previous_response_id"));
      ObjectNode reasoning = r.putObject("reasoning");
      set(reasoning, "effort", f.object("reasoning").flatMap(o -> o.any("effort")).orElse(null));
      reasoning.putNull("summary");
      r.put("service_tier", "default");
      r.put("store", f.flag("store").orElse(true));
      r.put("temperature", request.sampling().temperature());
      JsonNode text = ResponseFields.echo(f, "text");
      if (text != null && text.has("format")) {
        r.set("text", text);
      } else {
        r.putObject("text").putObject("format").put("type", "text");
      }
      JsonNode choice = ResponseFields.echo(f, "tool_choice");
      r.set("tool_choice", choice == null ? JsonNodeFactory.instance.stringNode("auto") : choice);
      JsonNode tools = ResponseFields.echo(f, "tools");
      r.set("tools", tools == null ? JsonNodeFactory.instance.arrayNode() : tools);
      r.put("top_logprobs", Math.max(0, request.topLogprobs()));
      r.put("top_p", request.sampling().topP());
      r.put("truncation", "disabled");
      r.putNull("usage");
      set(r, "user", ResponseFields.echo(f, "user"));
      JsonNode metadata = ResponseFields.echo(f, "metadata");
      r.set("metadata", metadata == null ? JsonNodeFactory.instance.objectNode() : metadata);
      return r;
    }

    private static void set(ObjectNode r, String name, @Nullable JsonNode value) {
      if (value == null) {
        r.putNull(name);
      } else {
        r.set(name, value);
      }
    }

    void answer(Answers<ChatEvent> answers) throws InterruptedException {
      Optional<Answers.Item<ChatEvent>> next = answers.next();
      ResponseEvents events = new ResponseEvents(stream ? x.stream() : null);
      events.send("response.created", e -> e.set("response", response.deepCopy()));
      events.send("response.in_progress", e -> e.set("response", response.deepCopy()));
      OutputItems items = new OutputItems(events);
      try {
        for (; next.isPresent(); next = answers.next()) {
          switch (next.get().event()) {
            case ChatEvent.Text t -> items.text(t.text(), t.logprobs());
            case ChatEvent.Reasoning r -> items.reasoning(r.text());
            case ChatEvent.Call c -> items.call(c.call());
            case ChatEvent.Usage u -> usage(u.usage(), items.thoughts());
            case ChatEvent.Done d -> finish(d.reason(), items);
            case ChatEvent.Failed f -> throw new EngineFailed(f.message());
          }
        }
      } catch (ClientGone e) {
        throw e;
      } catch (RuntimeException e) {
        if (!stream) throw e;
        fail(e, events, items);
        return;
      }
      remember(items);
      if (stream) {
        String type = "response." + response.path("status").asString();
        events.send(type, e -> e.set("response", response));
      } else {
        x.json(response);
      }
    }

    /** Tells of a failure in the stream's own way, then lets the log have it. */
    private void fail(RuntimeException e, ResponseEvents events, OutputItems items) {
      items.end("incomplete");
      response.put("status", "failed");
      response.set("output", items.output());
      ApiError error =
          switch (e) {
            case ApiFailure a -> a.error();
            case BadInput b ->
                new ApiError.BadRequest(String.valueOf(b.getMessage()), Optional.empty());
            case NotNumbers n -> new ApiError.BrokenModel(String.valueOf(n.getMessage()));
            default -> new ApiError.Internal(x.requestId());
          };
      ObjectNode told = response.putObject("error");
      told.put("code", ErrorShape.OPENAI.body(error).path("error").path("code").asString());
      told.put("message", error.text());
      events.send("response.failed", v -> v.set("response", response));
      System.getLogger(Responses.class.getName())
          .log(System.Logger.Level.WARNING, "response " + x.requestId() + " failed", e);
    }

    private void finish(ChatEvent.FinishReason reason, OutputItems items) {
      switch (reason) {
        case STOP, TOOL_CALLS -> {
          items.end("completed");
          response.put("status", "completed");
        }
        case LENGTH -> {
          items.end("incomplete");
          response.put("status", "incomplete");
          response.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        case CANCELLED, DEADLINE -> throw x.ticket().cutOff();
      }
      response.set("output", items.output());
      response.put("completed_at", clock.instant().getEpochSecond());
    }

    private void usage(GenerationEvent.Usage u, String thoughts) {
      x.notes().answer(u);
      ObjectNode usage = response.putObject("usage");
      usage.put("input_tokens", u.promptTokens());
      usage
          .putObject("input_tokens_details")
          .put("cached_tokens", u.sharedTokens())
          .put("cache_write_tokens", 0);
      usage.put("output_tokens", u.answerTokens());
      usage
          .putObject("output_tokens_details")
          .put("reasoning_tokens", tokenizer.encode(thoughts, false).length);
      usage.put("total_tokens", u.promptTokens() + u.answerTokens());
    }

    private void remember(OutputItems items) {
      if (!response.path("store").asBoolean()) return;
      List<Message> all = new ArrayList<>(conversation);
      all.add(items.message());
      store.put(
          response.path("id").asString(),
          new ResponseStore.Stored(owner(x), response, input(), all));
    }

    private ArrayNode input() {
      ArrayNode out = JsonNodeFactory.instance.arrayNode();
      JsonNode input = fields.node().path("input");
      if (input.isString()) {
        ObjectNode m = out.addObject();
        m.put("id", Ids.next("msg_")).put("type", "message").put("role", "user");
        m.put("status", "completed");
        m.putArray("content").addObject().put("type", "input_text").put("text", input.asString());
        return out;
      }
      for (JsonNode item : input) {
        ObjectNode copy = (ObjectNode) item.deepCopy();
        if (!copy.has("id")) copy.put("id", Ids.next("item_"));
        if (!copy.has("type")) copy.put("type", "message");
        out.add(copy);
      }
      return out;
    }
  }
}
