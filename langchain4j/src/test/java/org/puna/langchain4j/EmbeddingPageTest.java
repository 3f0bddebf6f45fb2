package org.puna.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatModel;
import org.puna.chat.ChatRequest;
import org.puna.chat.LocalEncoder;
import org.puna.chat.LocalModel;
import org.puna.chat.ToolCall;
import org.puna.fixtures.Fixtures;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What docs/embedding.md shows is what is compiled and run here. */
@Timeout(120)
class EmbeddingPageTest {
  private static final Path GGUF = Fixtures.path("gguf/tiny-f32.gguf");
  private static final Path BERT = Fixtures.path("models/bert-embed");
  private static final JsonMapper JSON = new JsonMapper();

  @Test
  void thePageShowsTheExamplesAsTheyAre() throws IOException {
    Path root = Path.of("").toAbsolutePath().getParent();
    String page = Files.readString(root.resolve("docs/embedding.md"));
    String source =
        squeezed(
            Files.readString(
                root.resolve("langchain4j/src/test/java/org/puna/langchain4j/EmbeddingPage.java")));
    List<String> blocks =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(page)
            .results()
            .map((MatchResult m) -> squeezed(m.group(1)))
            .toList();
    assertThat(blocks).hasSize(6).allSatisfy(b -> assertThat(source).contains(b));
  }

  /** The code without the blanks around its lines, wherever the lines end. */
  private static String squeezed(String code) {
    return code.lines().map(String::strip).collect(Collectors.joining(" "));
  }

  @Test
  void theModelsSpeak() throws InterruptedException {
    EmbeddingPage.complete(GGUF);
    try (LocalModel model = LocalModel.open(GGUF);
        LocalEncoder encoder = LocalEncoder.open(BERT)) {
      assertThat(EmbeddingPage.converse(model)).isNotEmpty();
      int dimensions = EmbeddingPage.embed(BERT);
      assertThat(dimensions).isEqualTo(encoder.embedder().dimensions());
      assertThat(EmbeddingPage.langChain4j(model, encoder)).isGreaterThanOrEqualTo(dimensions);
    }
  }

  @Test
  void callsAndJsonAreWhatTheExamplesAskFor() throws InterruptedException {
    try (LocalModel model = LocalModel.open(GGUF)) {
      ChatModel chat =
          new ChatModel(
              ChatModel.Source.of(model.engine()),
              model.checkpoint().tokenizer(),
              Optional.of("{{ tools|tojson if tools }}{{ messages[0].content }}"),
              Set.of(),
              Clock.systemUTC());
      StringBuilder text = new StringBuilder();
      assertThat(calls(chat, EmbeddingPage.json(), text)).isEmpty();
      JsonNode person = JSON.readTree(text.toString());
      assertThat(person.get("age").intValue()).isBetween(0, 120);
      List<ToolCall> calls = calls(chat, EmbeddingPage.tools(), new StringBuilder());
      assertThat(calls).isNotEmpty().allSatisfy(c -> assertThat(c.name()).isEqualTo("weather"));
      assertThat(JSON.readTree(calls.getFirst().arguments()).get("city").isString()).isTrue();
    }
  }

  private static List<ToolCall> calls(ChatModel chat, ChatRequest request, StringBuilder text)
      throws InterruptedException {
    List<ToolCall> calls = new ArrayList<>();
    try (ChatAnswer answer = chat.chat(request.withMaxTokens(300))) {
      for (ChatEvent e = answer.next(); !(e instanceof ChatEvent.Done); e = answer.next()) {
        if (e instanceof ChatEvent.Call(ToolCall call)) calls.add(call);
        if (e instanceof ChatEvent.Text t) text.append(t.text());
      }
    }
    return calls;
  }
}
