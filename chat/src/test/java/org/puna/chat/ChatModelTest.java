package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.engine.GenerationEvent.Reason;
import org.puna.engine.Sampling;
import org.puna.fixtures.ByteTokenizer;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;

class ChatModelTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-04T05:06:07Z"), ZoneOffset.UTC);
  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls"
          + " %}!{{ c.function.name }}{{ c.function.arguments.city }}{% endfor %}{{"
          + " m.reasoning_content }}{{ m.name }}{{ eos_token }}{% endfor %}{% if tools %}{{"
          + " tools|tojson }}{% endif %}{{ kind }}{% if prefill %}<think>\n"
          + "{% endif %}[assistant]{% if opened %}<think>\n"
          + "{% endif %}";
  private static final ByteTokenizer TOKENIZER =
      new ByteTokenizer(
          "<s>",
          "[TOOL_CALLS]",
          "[ARGS]",
          "<|python_tag|>",
          "[THINK]",
          "[/THINK]",
          "<|x|>",
          "</s>");
  private static final Tool WEATHER = new Tool("get_weather", "Weather", Map.of("type", "object"));

  private static ChatModel model(Script script, Optional<String> template) {
    return new ChatModel(script, TOKENIZER, template, Set.of(), CLOCK);
  }

  private static ChatRequest request(String user) {
    return new ChatRequest(List.of(Message.user(user)), Sampling.greedy());
  }

  /** What an answer consists of, pieces of one kind joined. */
  private record Heard(
      String reasoning,
      String text,
      List<String> calls,
      ChatEvent.FinishReason reason,
      Optional<String> stop,
      int pieces) {}

  private static Heard hear(ChatAnswer answer) throws InterruptedException {
    StringBuilder reasoning = new StringBuilder();
    StringBuilder text = new StringBuilder();
    List<String> calls = new ArrayList<>();
    int pieces = 0;
    while (true) {
      switch (answer.next()) {
        case ChatEvent.Reasoning(String t) -> reasoning.append(t);
        case ChatEvent.Text(String t, var _) -> {
          pieces++;
          text.append(t);
        }
        case ChatEvent.Call(ToolCall c) -> {
          assertThat(c.id()).matches("[A-Za-z0-9]{9}|given");
          calls.add(c.name() + c.arguments());
        }
        case ChatEvent.Usage u -> assertThat(u.usage().promptTokens()).isPositive();
        case ChatEvent.Done(ChatEvent.FinishReason reason, Optional<String> stop) -> {
          return new Heard(reasoning.toString(), text.toString(), calls, reason, stop, pieces);
        }
        case ChatEvent.Failed(String message) -> throw new AssertionError(message);
      }
    }
  }

  private static Heard hear(String says, ChatRequest request) throws InterruptedException {
    return hear(model(new Script(TOKENIZER, says), Optional.of(TEMPLATE)).chat(request));
  }

  @Test
  void rendersEncodesAndSubmits() throws Exception {
    Script script = new Script(TOKENIZER, "Hé🦙</s>unsaid");
    Heard heard = hear(model(script, Optional.of(TEMPLATE)).chat(request("a<s>b")));
    assertThat(heard.text()).isEqualTo("Hé🦙");
    assertThat(heard.reason()).isEqualTo(ChatEvent.FinishReason.STOP);
    int[] prompt = script.requests.getFirst().prompt();
    // The template writes the beginning of text itself; the tokenizer adds no second one.
    assertThat(prompt).isEqualTo(TOKENIZER.encode("<s>[user]a<s>b</s>[assistant]", true));
    assertThat(script.requests.getFirst().maxTokens()).isEqualTo(10_000 - prompt.length + 1);
    assertThat(script.requests.getFirst().endTokens()).containsExactly(TOKENIZER.vocabSize() - 1);
  }

  @Test
  void passesMessagesToolsAndVariablesToTheTemplate() {
    ToolCall call = new ToolCall("abc", "get_weather", "{\"city\": \"Zürich\"}");
    ChatRequest r =
        new ChatRequest(
                List.of(
                    Message.system("s"),
                    Message.user("u"),
                    Message.assistant("", List.of(call)).withReasoning("hm"),
                    Message.tool(call, "7.5")),
                Sampling.greedy())
            .withTools(List.of(WEATHER))
            .withTemplateVariables(Map.of("kind", "K"));
    assertThat(model(new Script(TOKENIZER, ""), Optional.of(TEMPLATE)).render(r))
        .isEqualTo(
            "<s>[system]s</s>[user]u</s>[assistant]!get_weatherZürichhm</s>[tool]7.5get_weather</s>[{\"type\":"
                + " \"function\", \"function\": {\"name\": \"get_weather\", \"description\":"
                + " \"Weather\", \"parameters\": {\"type\": \"object\"}}}]K[assistant]");
  }

  @Test
  void withoutATemplateThereIsChatMlOrPlainLines() throws Exception {
    ChatRequest r =
        new ChatRequest(List.of(Message.system("s"), Message.user("u")), Sampling.greedy());
    ByteTokenizer chatMl = new ByteTokenizer("<s>", "<|im_start|>", "<|im_end|>");
    ChatModel m = new ChatModel(new Script(chatMl, ""), chatMl, Optional.empty(), Set.of(), CLOCK);
    assertThat(m.render(r))
        .isEqualTo(
            "<|im_start|>system\n"
                + "s<|im_end|>\n"
                + "<|im_start|>user\n"
                + "u<|im_end|>\n"
                + "<|im_start|>assistant\n");
    Script script = new Script(TOKENIZER, " Hi.\nUser: me again");
    ChatModel plain = model(script, Optional.empty());
    assertThat(plain.render(r)).isEqualTo("System: s\nUser: u\nAssistant:");
    assertThat(plain.encode(r)[0]).isEqualTo(256);
    Heard heard = hear(plain.chat(r));
    assertThat(heard.text()).isEqualTo(" Hi.");
    assertThat(heard.stop()).contains("\nUser:");
    assertThatThrownBy(() -> plain.chat(r.withTools(List.of(WEATHER))))
        .isInstanceOf(BadInput.class);
  }

  @Test
  void goesOnWithTheAssistantsLastMessage() throws Exception {
    ChatRequest r =
        ChatRequest.of(List.of(Message.user("end?"), Message.assistant("  end ")))
            .withContinuing(true);
    assertThat(model(new Script(TOKENIZER, ""), Optional.of(TEMPLATE)).render(r))
        .isEqualTo("<s>[user]end?</s>[assistant]  end ");
    String trims =
        "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}<end>{% endfor %}"
            + "{% if add_generation_prompt %}<assistant>{% endif %}";
    assertThat(model(new Script(TOKENIZER, ""), Optional.of(trims)).render(r))
        .isEqualTo("<user>end?<end><assistant>end");
    ChatModel plain = model(new Script(TOKENIZER, "less."), Optional.empty());
    assertThat(plain.render(r)).isEqualTo("User: end?\nAssistant:   end ");
    assertThat(hear(plain.chat(r)).text()).isEqualTo("less.");
  }

  @Test
  void whatCannotBeGoneOnWithIsRefused() {
    ChatModel m = model(new Script(TOKENIZER, ""), Optional.of(TEMPLATE));
    ChatRequest users = request("u").withContinuing(true);
    assertThatThrownBy(() -> m.render(users))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a text of the assistant's");
    ChatRequest none = ChatRequest.of(List.of()).withContinuing(true);
    assertThatThrownBy(() -> m.render(none)).isInstanceOf(BadInput.class);
    ChatRequest begun = ChatRequest.of(List.of(Message.assistant("{"))).withContinuing(true);
    ChatModel hides = model(new Script(TOKENIZER, ""), Optional.of("{{ messages | length }}"));
    assertThatThrownBy(() -> hides.render(begun))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("does not show the last message");
    assertThatThrownBy(() -> m.chat(begun.withFormat(new ResponseFormat.JsonObject())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("cannot keep to a format");
  }

  @Test
  void stopStringsEndTheAnswerAndTheGeneration() throws Exception {
    Script script = new Script(TOKENIZER, "one ENDurance, END. more");
    ChatRequest r = request("x").withStops(List.of("END.", "never"));
    Heard heard = hear(model(script, Optional.of(TEMPLATE)).chat(r));
    assertThat(heard.text()).isEqualTo("one ENDurance, ");
    assertThat(heard.reason()).isEqualTo(ChatEvent.FinishReason.STOP);
    assertThat(heard.stop()).contains("END.");
    assertThat(script.closed).isTrue();
  }

  @Test
  void maxTokensEndWithLength() throws Exception {
    Heard heard = hear("abcdef", request("x").withMaxTokens(3));
    assertThat(heard.text()).isEqualTo("abc");
    assertThat(heard.reason()).isEqualTo(ChatEvent.FinishReason.LENGTH);
  }

  @Test
  void closingCancels() throws Exception {
    ChatAnswer answer =
        model(new Script(TOKENIZER, "abc"), Optional.of(TEMPLATE)).chat(request("x"));
    assertThat(answer.next()).isEqualTo(new ChatEvent.Text("a"));
    answer.close();
    assertThat(hear(answer).reason()).isEqualTo(ChatEvent.FinishReason.CANCELLED);
  }

  @Test
  void textStreamsTokenByToken() throws Exception {
    // A blank at the start waits for what follows: it may stand before a mark.
    assertThat(hear(" abc def", request("x")).pieces()).isEqualTo(7);
    assertThat(hear(" abc def", request("x")).text()).isEqualTo(" abc def");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "<think>\\nhm <b>\\n</think>\\n\\n4, hm <b>, 4",
        "<think>\\n\\n</think>\\n\\n4, \"\", 4",
        "[THINK]hm[/THINK]4, hm, 4",
        "a <think>b</think>, \"\", a <think>b</think>",
        "<think>open end, open end, \"\"",
        "<thin, \"\", <thin",
        "<thinner, \"\", <thinner",
      })
  void splitsReasoning(String says, String reasoning, String text) throws Exception {
    Heard heard = hear(says.replace("\\n", "\n"), request("x"));
    assertThat(heard.reasoning()).isEqualTo(reasoning);
    assertThat(heard.text()).isEqualTo(text);
  }

  @Test
  void reasoningThatThePromptHasOpenedNeedsNoMark() throws Exception {
    ChatRequest r = request("x").withTemplateVariables(Map.of("opened", true));
    Heard heard = hear("hm\n</think>\n\nyes", r);
    assertThat(heard.reasoning()).isEqualTo("hm");
    assertThat(heard.text()).isEqualTo("yes");
  }

  @Test
  void readsToolCallsOfManyFormats() throws Exception {
    Map<String, String> says = new LinkedHashMap<>();
    String one = "get_weather{\"city\":\"Zürich\",\"days\":2}";
    String json = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\", \"days\": 2}}";
    says.put("<tool_call>\n" + json + "\n</tool_call>", "");
    says.put("Let me look.\n<tool_call>\n" + json + "\n</tool_call>", "Let me look.");
    says.put("[TOOL_CALLS] [" + json + "]", "");
    says.put("[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Zürich\", \"days\": 2}", "");
    says.put("<|python_tag|>" + json.replace("arguments", "parameters"), "");
    says.put(json.replace("arguments", "parameters"), "");
    says.put(" \n" + json, "");
    says.put("[get_weather(city='Zürich', days=2)]", "");
    says.put("<|python_tag|>get_weather.call(city=\"Zürich\", days=2)", "");
    says.put("<|tool_call|>[" + json + "]<|/tool_call|>", "");
    says.put(
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n"
            + "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        "");
    says.put("{\"type\": \"function\", \"function\": " + json + "}", "");
    says.put(
        "{\"name\": \"get_weather\", \"arguments\":"
            + " \"{\\\"city\\\":\\\"Zürich\\\",\\\"days\\\":2}\"}",
        "");
    for (Map.Entry<String, String> e : says.entrySet()) {
      Heard heard = hear(e.getKey(), request("x").withTools(List.of(WEATHER)));
      assertThat(heard.calls()).as(e.getKey()).containsExactly(one);
      assertThat(heard.text()).as(e.getKey()).isEqualTo(e.getValue());
      assertThat(heard.reason()).as(e.getKey()).isEqualTo(ChatEvent.FinishReason.TOOL_CALLS);
    }
  }

  @Test
  void readsSeveralCallsAfterReasoningAndText() throws Exception {
    String call = "<tool_call>\n{\"name\": \"%s\", \"arguments\": {}}\n</tool_call>";
    Heard heard =
        hear(
            "<think>hm</think>\n\nI look.\n" + call.formatted("a") + "\n" + call.formatted("b"),
            request("x").withTools(List.of(WEATHER)));
    assertThat(heard)
        .isEqualTo(
            new Heard(
                "hm",
                "I look.",
                List.of("a{}", "b{}"),
                ChatEvent.FinishReason.TOOL_CALLS,
                Optional.empty(),
                heard.pieces()));
    Heard mistral =
        hear(
            "[TOOL_CALLS][{\"name\": \"a\", \"arguments\": {\"x\": [1, {}]}, \"id\": \"given\"},"
                + " {\"name\": \"b\", \"arguments\": {}}]",
            request("x").withTools(List.of(WEATHER)));
    assertThat(mistral.calls()).containsExactly("a{\"x\":[1,{}]}", "b{}");
    Heard llama =
        hear(
            "{\"name\": \"get_weather\", \"parameters\": {}}; {\"name\": \"get_weather\"}",
            request("x").withTools(List.of(WEATHER)));
    assertThat(llama.calls()).containsExactly("get_weather{}", "get_weather{}");
  }

  @Test
  void whatIsNoCallStaysText() throws Exception {
    for (String text :
        List.of(
            "{\"answer\": 42}",
            "{\"name\": \"other_function\", \"arguments\": {}}",
            "[1, 2, 3]",
            "{\"name\": \"get_weather\", \"arguments\": ",
            "<tool_call>\nbroken</tool_call> after",
            "<tool_",
            "a < b [TOOL] {x}",
            "[get_weather is a function]",
            "[get_weather(city=x)]",
            "{")) {
      Heard heard = hear(text, request("x").withTools(List.of(WEATHER)));
      assertThat(heard.text()).as(text).isEqualTo(text);
      assertThat(heard.calls()).as(text).isEmpty();
      assertThat(heard.reason()).as(text).isEqualTo(ChatEvent.FinishReason.STOP);
    }
  }

  @Test
  void withoutToolsNothingIsACall() throws Exception {
    String text = "{\"name\": \"get_weather\", \"arguments\": {}} <tool_call>";
    assertThat(hear(text, request("x")).text()).isEqualTo(text);
  }

  @Test
  void otherControlTokensVanish() throws Exception {
    assertThat(hear("a<|x|>b", request("x")).text()).isEqualTo("ab");
  }

  @Test
  void picturesAreRefused() {
    Message m =
        new Message(
            Message.Role.USER,
            List.of(new ContentPart.Text("what?"), new ContentPart.Image("data:,")),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> hear("", new ChatRequest(List.of(m), Sampling.greedy())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("image");
  }

  @Test
  void theTemplatesErrorIsTheUsers() {
    Script script = new Script(TOKENIZER, "");
    ChatModel m = model(script, Optional.of("{{ raise_exception('only users') }}"));
    assertThatThrownBy(() -> m.chat(request("x")))
        .isInstanceOf(TemplateError.class)
        .hasMessage("only users");
  }

  @Test
  void completionsReadControlTokensAndTheBeginningOfTextOnce() {
    Script script = new Script(TOKENIZER, "b");
    ChatModel m = model(script, Optional.empty());
    for (String prompt : List.of("<s>a<s>b", "a<s>b")) {
      m.complete(new CompletionRequest(prompt, Sampling.greedy())).close();
      assertThat(script.requests.getLast().prompt()).containsExactly(256, 'a', 256, 'b');
    }
  }

  @Test
  void stopStringsAndEndsComeAfterTheFirstTokens() throws Exception {
    Script script = new Script(TOKENIZER, "STOP, STOP");
    ChatModel m = model(script, Optional.empty());
    CompletionRequest r =
        new CompletionRequest("a", Sampling.greedy())
            .withStops(List.of("STOP"))
            .withEnding(new Ending(true, 4));
    StringBuilder text = new StringBuilder();
    try (TextGeneration g = m.complete(r)) {
      TextEvent e = g.next();
      for (; e instanceof TextEvent.Text t; e = g.next()) text.append(t.text());
      assertThat(e)
          .isInstanceOfSatisfying(TextEvent.Done.class, d -> assertThat(d.stop()).isPresent());
    }
    assertThat(text).hasToString("STOP, ");
    assertThat(script.requests.getFirst().minTokens()).isEqualTo(4);
    assertThat(script.requests.getFirst().endTokens()).isEmpty();
  }

  @Test
  void completionsPutTheBeginningOfTextFirst() throws Exception {
    Script script = new Script(TOKENIZER, "bc<|x|>d STOP");
    ChatModel m = model(script, Optional.empty());
    CompletionRequest r =
        new CompletionRequest("a<s>", Sampling.greedy())
            .withParseSpecial(false)
            .withStops(List.of("STOP"));
    StringBuilder text = new StringBuilder();
    try (TextGeneration g = m.complete(r)) {
      boolean running = true;
      while (running) {
        switch (g.next()) {
          case TextEvent.Prompt p -> throw new AssertionError(p);
          case TextEvent.Text(String piece, var _) -> text.append(piece);
          case TextEvent.Done d -> {
            assertThat(d.reason()).isEqualTo(Reason.STOP);
            running = false;
          }
          case TextEvent.Failed f -> throw new AssertionError(f.message());
        }
      }
    }
    assertThat(text).hasToString("bcd ");
    assertThat(script.requests.getFirst().prompt()).startsWith(256, 'a', '<', 's', '>');
  }
}
