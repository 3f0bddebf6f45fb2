package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.engine.Sampling;
import org.puna.fixtures.ByteTokenizer;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Formats and forced calls with a model that knows nothing: what comes out is always right. */
@Timeout(120)
class FormatTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  /** Answers drawn for each case. */
  private static final int ANSWERS = 6;

  private static final String PERSON =
      """
      {"type":"object","additionalProperties":false,"required":["name","age","pets"],"properties":{
       "name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":120},
       "pets":{"type":"array","items":{"enum":["cat","dog"]},"maxItems":3}}}
      """;

  private static final Tool WEATHER =
      new Tool(
          "get_weather",
          "Weather",
          Map.of(
              "properties",
              Map.of("city", Map.of("type", "string", "maxLength", 9)),
              "required",
              List.of("city"),
              "additionalProperties",
              false));
  private static final Tool CLOCK =
      new Tool("now", "Time", Map.of("type", "object", "properties", Map.of()));

  private static ChatModel model(String template, String... marks) {
    String[] all = new String[marks.length + 2];
    all[0] = "<s>";
    System.arraycopy(marks, 0, all, 1, marks.length);
    all[all.length - 1] = "</s>";
    ByteTokenizer tokenizer = new ByteTokenizer(all);
    return new ChatModel(
        new Babbler(tokenizer.vocabSize(), 4000),
        tokenizer,
        Optional.of(template),
        Set.of(),
        Clock.systemUTC());
  }

  private static ChatRequest request(long seed) {
    return new ChatRequest(List.of(Message.user("x")), Sampling.plain(seed)).withMaxTokens(400);
  }

  @Test
  void rowsBeyondTheVocabularyAreNothing() throws Exception {
    ByteTokenizer tokenizer = new ByteTokenizer("<s>", "</s>");
    ChatModel padded =
        new ChatModel(
            new Babbler(tokenizer.vocabSize() + 64, 4000),
            tokenizer,
            Optional.of("[user]"),
            Set.of(),
            Clock.systemUTC());
    for (long seed = 0; seed < 20; seed++) {
      assertThat(hear(padded, request(seed).withTopLogprobs(3)).text()).isNotNull();
      CompletionRequest text = new CompletionRequest("x", Sampling.plain(seed)).withMaxTokens(50);
      try (TextGeneration g = padded.complete(text)) {
        TextEvent e = g.next();
        while (e instanceof TextEvent.Text) e = g.next();
        assertThat(e).isInstanceOf(TextEvent.Done.class);
      }
    }
    CompletionRequest text = new CompletionRequest("", Sampling.greedy());
    int[] nameless = {'x', tokenizer.vocabSize()};
    assertThatThrownBy(() -> padded.complete(nameless, text, 1))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("token id " + tokenizer.vocabSize());
  }

  private record Said(String reasoning, String text, List<ToolCall> calls, String reason) {}

  private static Said hear(ChatModel m, ChatRequest r) throws InterruptedException {
    StringBuilder reasoning = new StringBuilder();
    StringBuilder text = new StringBuilder();
    List<ToolCall> calls = new ArrayList<>();
    try (ChatAnswer a = m.chat(r)) {
      while (true) {
        switch (a.next()) {
          case ChatEvent.Reasoning(String t) -> reasoning.append(t);
          case ChatEvent.Text(String t, var _) -> text.append(t);
          case ChatEvent.Call(ToolCall c) -> calls.add(c);
          case ChatEvent.Usage _ -> {}
          case ChatEvent.Done d -> {
            return new Said(reasoning.toString(), text.toString(), calls, d.reason().toString());
          }
          case ChatEvent.Failed f -> throw new AssertionError(f.message());
        }
      }
    }
  }

  private static void assertValid(String schema, String answer) {
    assertThat(REGISTRY.getSchema(JSON.readTree(schema)).validate(answer, InputFormat.JSON))
        .as(answer)
        .isEmpty();
  }

  private static ResponseFormat person() {
    return new ResponseFormat.JsonSchema("person", JSON.readTree(PERSON), true);
  }

  @Test
  void answersValidateAgainstTheSchema() throws Exception {
    ChatModel m = model("[user]");
    for (int seed = 0; seed < ANSWERS; seed++) {
      Said said = hear(m, request(seed).withFormat(person()));
      assertValid(PERSON, said.text());
      assertThat(said.reason()).isEqualTo("STOP");
    }
  }

  @Test
  void anyObjectGrammarsAndExpressions() throws Exception {
    ChatModel m = model("[user]");
    for (int seed = 0; seed < ANSWERS; seed++) {
      String object = hear(m, request(seed).withFormat(new ResponseFormat.JsonObject())).text();
      assertThat(JSON.readTree(object).isObject()).as(object).isTrue();
      assertThat(
              hear(m, request(seed).withFormat(new ResponseFormat.Regex("[a-f]{3,9}-\\d+"))).text())
          .matches("[a-f]{3,9}-\\d+");
      assertThat(
              hear(
                      m,
                      request(seed)
                          .withFormat(new ResponseFormat.Grammar("root ::= \"yes\" | \"no\" root")))
                  .text())
          .matches("(no)*yes");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "token"})
  void thoughtsAreFreeAndTheAnswerComesAfterThem(String kind) throws Exception {
    // As text the mark's end must be found within other text; as a token it is one symbol.
    for (boolean opened : new boolean[] {true, false}) {
      ChatModel m =
          kind.equals("token")
              ? model(opened ? "[user]<think>\n" : "[user]", "<think>", "</think>")
              : model("[user]<think>\n");
      int thought = 0;
      for (int seed = 0; seed < ANSWERS; seed++) {
        Said said = hear(m, request(seed).withFormat(person()).withMaxTokens(300));
        assertValid(PERSON, said.text());
        if (!said.reasoning().isEmpty()) thought++;
      }
      if (opened) assertThat(thought).isPositive();
    }
  }

  @Test
  void thoughtsThatThePromptHasEndedDoNotComeAgain() throws Exception {
    ChatModel m = model("[user]<think>\n\n</think>\n\n", "<think>", "</think>");
    for (int seed = 0; seed < ANSWERS; seed++) {
      assertThat(hear(m, request(seed).withFormat(person())).reasoning()).isEmpty();
    }
  }

  private static Map<String, ChatModel> forms() {
    Map<String, ChatModel> forms = new LinkedHashMap<>();
    forms.put("qwen", model("{{ '<tool_call>' }}[user]"));
    forms.put("qwen, marks", model("{{ '<tool_call>' }}[user]", "<tool_call>", "</tool_call>"));
    forms.put(
        "qwen3",
        model("{{ '<tool_call>' }}[user]", "<tool_call>", "</tool_call>", "<think>", "</think>"));
    forms.put("phi", model("<|tool_call|>[user]", "<|tool_call|>", "<|/tool_call|>"));
    forms.put("mistral", model("[TOOL_CALLS][user]", "[TOOL_CALLS]"));
    forms.put("mistral 2025", model("[TOOL_CALLS][ARGS][user]", "[TOOL_CALLS]", "[ARGS]"));
    forms.put("command", model("<|START_ACTION|>[user]", "<|START_ACTION|>", "<|END_ACTION|>"));
    forms.put("llama", model("{\"name\": x, \"parameters\": dictionary}[user]"));
    forms.put("other", model("[user]"));
    return forms;
  }

  @Test
  void requiredCallsAreTheModelsOwnAndValidate() throws Exception {
    String schema = JSON.writeValueAsString(WEATHER.parameters());
    for (Map.Entry<String, ChatModel> e : forms().entrySet()) {
      for (int seed = 0; seed < ANSWERS; seed++) {
        ChatRequest r = request(seed).withTools(List.of(WEATHER, CLOCK));
        Said one = hear(e.getValue(), r.withToolChoice(new ToolChoice.Function("get_weather")));
        assertThat(one.calls()).as(e.getKey()).hasSize(1);
        assertThat(one.text()).as(e.getKey()).isEmpty();
        assertThat(one.reason()).as(e.getKey()).isEqualTo("TOOL_CALLS");
        assertThat(one.calls().getFirst().name()).isEqualTo("get_weather");
        assertValid(schema, one.calls().getFirst().arguments());
        Said any = hear(e.getValue(), r.withToolChoice(new ToolChoice.Required()));
        assertThat(any.calls()).as(e.getKey()).isNotEmpty();
        assertThat(any.text()).as(e.getKey()).isEmpty();
        Said single =
            hear(
                e.getValue(),
                r.withToolChoice(new ToolChoice.Required()).withParallelToolCalls(false));
        assertThat(single.calls()).as(e.getKey()).hasSize(1);
      }
    }
  }

  @Test
  void withToolsAndAFormatTheAnswerIsACallOrOfTheFormat() throws Exception {
    int calls = 0;
    for (int seed = 0; seed < 4 * ANSWERS; seed++) {
      Said said =
          hear(
              model("[TOOL_CALLS][user]", "[TOOL_CALLS]"),
              request(seed).withTools(List.of(WEATHER)).withFormat(person()));
      if (said.calls().isEmpty()) assertValid(PERSON, said.text());
      else calls++;
    }
    assertThat(calls).isBetween(1, 4 * ANSWERS - 1);
  }

  @Test
  void whereNoCallIsWantedTheToolsAreNotShown() {
    ChatModel m = model("{% if tools %}TOOLS{% endif %}[user]");
    ChatRequest r = request(1).withTools(List.of(WEATHER));
    assertThat(m.render(r)).isEqualTo("TOOLS[user]");
    assertThat(m.render(r.withToolChoice(new ToolChoice.None()))).isEqualTo("[user]");
  }

  @Test
  void whatCannotBeCompiledIsRefusedWithItsPlace() {
    ChatModel m = model("[user]");
    ChatRequest r = request(1);
    assertThatThrownBy(() -> m.chat(r.withFormat(schema("{\"properties\":{\"a\":{\"not\":{}}}}"))))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("schema: #/properties/a/not: ");
    Tool bad = new Tool("f", "", Map.of("properties", Map.of("a", Map.of("type", "x"))));
    assertThatThrownBy(
            () -> m.chat(r.withTools(List.of(bad)).withToolChoice(new ToolChoice.Required())))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("tool \"f\": schema: #/properties/a/type: ");
    assertThatThrownBy(() -> m.chat(r.withToolChoice(new ToolChoice.Required())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no tools");
    assertThatThrownBy(
            () -> m.chat(r.withTools(List.of(CLOCK)).withToolChoice(new ToolChoice.Function("g"))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("\"g\"");
    assertThatThrownBy(
            () -> m.chat(r.withFormat(new ResponseFormat.Regex("(".repeat(100_000) + "a"))))
        .isInstanceOf(BadInput.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(500));
  }

  private static ResponseFormat schema(String text) {
    JsonNode node = JSON.readTree(text);
    return new ResponseFormat.JsonSchema("x", node, true);
  }

  @Test
  void severalAnswersHaveSeedsOfTheirOwn() throws Exception {
    ChatModel m = model("[user]");
    List<ChatAnswer> answers = m.chat(request(7).withFormat(person()), 3);
    List<String> texts = new ArrayList<>();
    for (ChatAnswer a : answers) {
      StringBuilder text = new StringBuilder();
      while (a.next() instanceof ChatEvent.Text t) text.append(t.text());
      texts.add(text.toString());
      assertValid(PERSON, text.toString());
    }
    assertThat(texts).doesNotHaveDuplicates();
    assertThat(texts.getFirst()).isEqualTo(hear(m, request(7).withFormat(person())).text());
    assertThat(texts.getLast()).isEqualTo(hear(m, request(9).withFormat(person())).text());
  }
}
