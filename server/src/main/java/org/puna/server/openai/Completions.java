package org.puna.server.openai;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.chat.CompletionRequest;
import org.puna.chat.Ending;
import org.puna.chat.ResponseFormat;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.Sampling;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.answering.Answers;
import org.puna.server.answering.Asking;
import org.puna.server.answering.Ids;
import org.puna.server.answering.SamplingFields;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Endpoint;
import org.puna.server.http.Exchange;
import org.puna.server.http.Fields;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ServedModel;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/completions}: continuations of texts, without a chat template. */
public final class Completions implements Endpoint {
  /** Tokens where a request says nothing (OpenAI's reference). */
  private static final int DEFAULT_TOKENS = 16;

  private static final int MOST_PROMPTS = 64;
  private static final int MOST_LOGPROBS = 20;

  private final ModelRegistry models;
  private final Clock clock;

  /** The endpoint over the server's models. */
  public Completions(ModelRegistry models, Clock clock) {
    this.models = models;
    this.clock = clock;
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/completions";
  }

  @Override
  public String promptField() {
    return "prompt";
  }

  @Override
  public void handle(Exchange x) throws Exception {
    Fields f = x.body();
    if (f.text("suffix").filter(s -> !s.isEmpty()).isPresent()) {
      throw ApiFailure.field("suffix", "no model here fills in the middle; leave it out");
    }
    int n = f.integer("n", 1, 128).orElse(1);
    OptionalInt best = f.integer("best_of", 1, 128);
    if (best.isPresent() && best.getAsInt() != n) {
      throw ApiFailure.field("best_of", "expected the same as n, found " + best.getAsInt());
    }
    List<Prompt> prompts = prompts(f);
    int answers = n * prompts.size();
    String name = f.text("model").orElseGet(models::defaultName);
    try (ModelRegistry.Lease lease = models.acquire(name, answers)) {
      x.notes().model(lease.name());
      boolean stream = f.flag("stream").orElse(false);
      boolean echo = f.flag("echo").orElse(false);
      boolean usage =
          f.object("stream_options").flatMap(o -> o.flag("include_usage")).orElse(false);
      long created = clock.instant().getEpochSecond();
      try (Answers<TextEvent> texts = Asking.texts(x, start(f, lease.model(), prompts, n, echo))) {
        // After the start, which refuses ids that no token has.
        List<String> echoes = new ArrayList<>();
        for (Prompt p : prompts) {
          String text = echo ? p.text(lease.model().chat().tokenizer()) : "";
          for (int i = 0; i < n; i++) echoes.add(text);
        }
        CompletionWriter writer =
            new CompletionWriter(
                x,
                lease.model().chat().tokenizer(),
                Ids.next("cmpl-"),
                created,
                lease.name(),
                n,
                echoes);
        if (stream) {
          writer.send(texts, usage);
        } else {
          x.json(writer.collect(texts));
        }
      }
    }
  }

  /** A prompt as it was given, text or token ids, and where. */
  private record Prompt(Optional<String> written, int[] ids, String path) {
    String text(Tokenizer tokenizer) {
      return written.orElseGet(() -> tokenizer.decode(ids, true));
    }
  }

  private static List<TextGeneration> start(
      Fields f, ServedModel model, List<Prompt> prompts, int n, boolean echo) {
    int vocabSize = model.chat().tokenizer().vocabSize();
    for (Prompt p : prompts) TokenIds.check(p.ids(), p.path(), vocabSize);
    Sampling sampling = SamplingFields.read(f, model.defaults(), vocabSize);
    int logprobs = f.integer("logprobs", 0, MOST_LOGPROBS).orElse(-1);
    int most = f.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(DEFAULT_TOKENS);
    List<String> stops = ChatFields.stops(f, "stop");
    ResponseFormat format = ChatFields.format(f);
    boolean parseSpecial = f.flag("parse_special").orElse(true);
    Ending ending = SamplingFields.ending(f, OptionalInt.of(most));
    List<TextGeneration> out = new ArrayList<>();
    try {
      for (Prompt p : prompts) {
        CompletionRequest request =
            new CompletionRequest(p.written().orElse(""), sampling)
                .withStops(stops)
                .withMaxTokens(most)
                .withFormat(format)
                .withTopLogprobs(logprobs)
                .withParseSpecial(parseSpecial)
                .withEnding(ending);
        if (echo && logprobs >= 0) request = request.withPromptLogprobs();
        out.addAll(
            p.written().isPresent()
                ? model.chat().complete(request, n)
                : model.chat().complete(p.ids(), request, n));
      }
      return out;
    } catch (RuntimeException e) {
      out.forEach(TextGeneration::close);
      throw e;
    }
  }

  private static List<Prompt> prompts(Fields f) {
    Optional<JsonNode> any = f.any("prompt");
    if (any.isEmpty()) {
      throw ApiFailure.field(
          "prompt", "expected a text, a list of texts or token ids, found nothing");
    }
    JsonNode p = any.get();
    if (p.isString()) return List.of(new Prompt(Optional.of(p.asString()), new int[0], "prompt"));
    if (!p.isArray() || p.isEmpty()) {
      throw ApiFailure.field("prompt", "expected a text, a list of texts or token ids");
    }
    if (p.get(0).isNumber()) {
      return List.of(new Prompt(Optional.empty(), TokenIds.read(p, "prompt"), "prompt"));
    }
    if (p.size() > MOST_PROMPTS) {
      throw ApiFailure.field("prompt", "expected " + MOST_PROMPTS + " at most, found " + p.size());
    }
    List<Prompt> out = new ArrayList<>();
    for (int i = 0; i < p.size(); i++) {
      JsonNode item = p.get(i);
      String path = "prompt[" + i + "]";
      if (item.isString()) {
        out.add(new Prompt(Optional.of(item.asString()), new int[0], path));
      } else if (item.isArray() && !item.isEmpty()) {
        out.add(new Prompt(Optional.empty(), TokenIds.read(item, path), path));
      } else {
        throw ApiFailure.field(path, "expected a text or token ids");
      }
    }
    return out;
  }
}
