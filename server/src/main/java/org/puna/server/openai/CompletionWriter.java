package org.puna.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.TextEvent;
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
  private final List<ChoiceLogprobs> logprobs = new ArrayList<>();

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
    for (int i = 0; i < echoes.size(); i++) logprobs.add(new ChoiceLogprobs());
  }

  /** Waits for all continuations. */
  ObjectNode collect(Answers<TextEvent> texts) throws InterruptedException {
    Usages usages = new Usages(x.notes(), tokenizer);
    List<StringBuilder> text = new ArrayList<>();
    List<String> finish = new ArrayList<>();
    for (String echo : echoes) {
      text.add(new StringBuilder(echo));
      finish.add("stop");
    }
    for (Optional<Answers.Item<TextEvent>> next = texts.next();
        next.isPresent();
        next = texts.next()) {
      int i = next.get().index();
      switch (next.get().event()) {
        case TextEvent.Prompt p -> logprobs.get(i).addPrompt(p.tokens(), echoes.get(i));
        case TextEvent.Text t -> {
          text.get(i).append(t.text());
          logprobs.get(i).add(t.logprobs());
        }
        case TextEvent.Done d -> {
          usages.addText(d.usage(), i % perPrompt == 0);
          logprobs.get(i).add(d.rest());
          finish.set(i, Finish.of(d.reason(), x.ticket()));
        }
        case TextEvent.Failed f -> throw new EngineFailed(f.message());
      }
    }
    ObjectNode root = root();
    ArrayNode choices = root.putArray("choices");
    for (int i = 0; i < text.size(); i++) {
      choice(choices.addObject(), i, text.get(i).toString()).put("finish_reason", finish.get(i));
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
      TextEvent event = next.get().event();
      if (!begun[i] && !(event instanceof TextEvent.Prompt) && !echoes.get(i).isEmpty()) {
        chunk(i, echoes.get(i), Optional.empty(), withUsage);
      }
      begun[i] = true;
      switch (event) {
        case TextEvent.Prompt p -> {
          logprobs.get(i).addPrompt(p.tokens(), echoes.get(i));
          chunk(i, echoes.get(i), Optional.empty(), withUsage);
        }
        case TextEvent.Text t -> {
          logprobs.get(i).add(t.logprobs());
          chunk(i, t.text(), Optional.empty(), withUsage);
        }
        case TextEvent.Done d -> {
          usages.addText(d.usage(), i % perPrompt == 0);
          String reason = Finish.of(d.reason(), x.ticket());
          logprobs.get(i).add(d.rest());
          chunk(i, "", Optional.of(reason), withUsage);
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

  private void chunk(int i, String text, Optional<String> finish, boolean withUsage) {
    ObjectNode root = root();
    ObjectNode choice = choice(root.putArray("choices").addObject(), i, text);
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

  private ObjectNode choice(ObjectNode node, int i, String text) {
    node.put("index", i);
    node.put("text", text);
    logprobs.get(i).moveTo(node);
    return node;
  }
}
