package org.puna.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.TextEvent;
import org.puna.chat.TokenLogprob;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.server.answering.Answers;
import org.puna.server.answering.EngineFailed;
import org.puna.server.http.EventStream;
import org.puna.server.http.Exchange;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Writes continuations as {@code text_completion} objects, whole or as they come. */
final class CompletionWriter {
  private final Exchange x;
  private final Tokenizer tokenizer;
  private final String id;
  private final long created;
  private final String model;
  private final int perPrompt;
  private final List<String> echoes;
  private final int[] offsets;

  CompletionWriter(
      Exchange x,
      Tokenizer tokenizer,
      String id,
      long created,
      String model,
      int perPrompt,
      List<String> echoes) {
    this.x = x;
    this.tokenizer = tokenizer;
    this.id = id;
    this.created = created;
    this.model = model;
    this.perPrompt = perPrompt;
    this.echoes = echoes;
    this.offsets = new int[echoes.size()];
  }

  /** Waits for all continuations. */
  ObjectNode collect(Answers<TextEvent> texts) throws InterruptedException {
    Usages usages = new Usages(x.notes(), tokenizer);
    List<StringBuilder> text = new ArrayList<>();
    List<List<TokenLogprob>> logprobs = new ArrayList<>();
    List<String> finish = new ArrayList<>();
    for (String echo : echoes) {
      text.add(new StringBuilder(echo));
      logprobs.add(new ArrayList<>());
      finish.add("stop");
    }
    for (Optional<Answers.Item<TextEvent>> next = texts.next();
        next.isPresent();
        next = texts.next()) {
      int i = next.get().index();
      switch (next.get().event()) {
        case TextEvent.Text t -> {
          text.get(i).append(t.text());
          logprobs.get(i).addAll(t.logprobs());
        }
        case TextEvent.Done d -> {
          usages.addText(d.usage(), i % perPrompt == 0);
          finish.set(i, Finish.of(d.reason(), x.ticket()));
        }
        case TextEvent.Failed f -> throw new EngineFailed(f.message());
      }
    }
    ObjectNode root = root();
    ArrayNode choices = root.putArray("choices");
    for (int i = 0; i < text.size(); i++) {
      choice(choices.addObject(), i, text.get(i).toString(), logprobs.get(i))
          .put("finish_reason", finish.get(i));
    }
    root.set("usage", usages.toJson());
    return root;
  }

  /** Sends all continuations to their ends. */
  void send(Answers<TextEvent> texts, boolean withUsage) throws InterruptedException {
    Usages usages = new Usages(x.notes(), tokenizer);
    boolean[] begun = new boolean[echoes.size()];
    for (Optional<Answers.Item<TextEvent>> next = texts.next();
        next.isPresent();
        next = texts.next()) {
      int i = next.get().index();
      if (!begun[i] && !echoes.get(i).isEmpty()) {
        chunk(i, echoes.get(i), List.of(), Optional.empty(), withUsage);
      }
      begun[i] = true;
      switch (next.get().event()) {
        case TextEvent.Text t -> chunk(i, t.text(), t.logprobs(), Optional.empty(), withUsage);
        case TextEvent.Done d -> {
          usages.addText(d.usage(), i % perPrompt == 0);
          chunk(i, "", List.of(), Optional.of(Finish.of(d.reason(), x.ticket())), withUsage);
        }
        case TextEvent.Failed f -> throw new EngineFailed(f.message());
      }
    }
    EventStream out = x.stream();
    if (withUsage) {
      ObjectNode last = root();
      last.putArray("choices");
      last.set("usage", usages.toJson());
      out.data(last);
    }
    out.done();
  }

  private void chunk(
      int i, String text, List<TokenLogprob> logprobs, Optional<String> finish, boolean withUsage) {
    ObjectNode root = root();
    ObjectNode choice = choice(root.putArray("choices").addObject(), i, text, logprobs);
    finish.ifPresentOrElse(
        reason -> choice.put("finish_reason", reason), () -> choice.putNull("finish_reason"));
    if (withUsage) root.putNull("usage");
    x.stream().data(root);
  }

  private ObjectNode root() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("id", id);
    root.put("object", "text_completion");
    root.put("created", created);
    root.put("model", model);
    root.putNull("system_fingerprint");
    return root;
  }

  private ObjectNode choice(ObjectNode node, int i, String text, List<TokenLogprob> tokens) {
    node.put("index", i);
    node.put("text", text);
    if (tokens.isEmpty()) {
      node.putNull("logprobs");
      return node;
    }
    ObjectNode l = node.putObject("logprobs");
    ArrayNode names = l.putArray("tokens");
    ArrayNode values = l.putArray("token_logprobs");
    ArrayNode top = l.putArray("top_logprobs");
    ArrayNode offset = l.putArray("text_offset");
    for (TokenLogprob t : tokens) {
      names.add(t.token());
      values.add(Logprobs.finite(t.logprob()));
      ObjectNode others = top.addObject();
      t.top().forEach(o -> others.put(o.token(), Logprobs.finite(o.logprob())));
      offset.add(offsets[i]);
      offsets[i] += t.token().length();
    }
    return node;
  }
}
