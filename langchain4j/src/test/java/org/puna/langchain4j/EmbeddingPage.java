package org.puna.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.embedding.EmbeddingModel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatRequest;
import org.puna.chat.CompletionRequest;
import org.puna.chat.Embedder;
import org.puna.chat.LocalEncoder;
import org.puna.chat.LocalModel;
import org.puna.chat.Message;
import org.puna.chat.ResponseFormat;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.chat.Tool;
import org.puna.chat.ToolChoice;
import org.puna.engine.Sampling;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The examples of docs/embedding.md. */
final class EmbeddingPage {
  private EmbeddingPage() {}

  static void complete(Path path) throws InterruptedException {
    try (LocalModel model = LocalModel.open(path);
        TextGeneration text =
            model
                .chat()
                .complete(
                    new CompletionRequest("Once upon a time", Sampling.plain(42))
                        .withMaxTokens(60))) {
      while (true) {
        switch (text.next()) {
          case TextEvent.Text piece -> System.out.print(piece.text());
          case TextEvent.Failed failed -> throw new IllegalStateException(failed.message());
          case TextEvent.Done done -> {
            System.out.println(" (" + done.reason() + ")");
            return;
          }
          default -> {}
        }
      }
    }
  }

  static String converse(LocalModel model) throws InterruptedException {
    ChatRequest request =
        ChatRequest.of(List.of(Message.system("Answer in one line."), Message.user("Who are you?")))
            .withSampling(Sampling.plain(1).advised(model.checkpoint().generation()))
            .withMaxTokens(100)
            .withTimeout(Duration.ofSeconds(30));
    StringBuilder said = new StringBuilder();
    try (ChatAnswer answer = model.chat().chat(request)) {
      for (ChatEvent event = answer.next();
          !(event instanceof ChatEvent.Done);
          event = answer.next()) {
        switch (event) {
          case ChatEvent.Text t -> said.append(t.text());
          case ChatEvent.Failed failed -> throw new IllegalStateException(failed.message());
          default -> {}
        }
      }
    }
    return said.toString();
  }

  static ChatRequest tools() {
    Tool weather =
        new Tool(
            "weather",
            "The weather of a city",
            Map.of(
                "type", "object",
                "properties", Map.of("city", Map.of("type", "string", "maxLength", 20)),
                "required", List.of("city")));
    ChatRequest mustCall =
        ChatRequest.of(List.of(Message.user("Is it raining in Oslo?")))
            .withTools(List.of(weather))
            .withToolChoice(new ToolChoice.Required());
    return mustCall;
  }

  static ChatRequest json() {
    JsonNode schema =
        new JsonMapper()
            .readTree(
                """
                {"type": "object", "required": ["name", "age"], "additionalProperties": false,
                 "properties": {"name": {"type": "string", "maxLength": 20},
                                "age": {"type": "integer", "minimum": 0, "maximum": 120}}}
                """);
    ChatRequest person =
        ChatRequest.of(List.of(Message.user("Invent a person.")))
            .withFormat(new ResponseFormat.JsonSchema("person", schema, true));
    return person;
  }

  static int embed(Path path) throws InterruptedException {
    try (LocalEncoder encoder = LocalEncoder.open(path)) {
      Embedder.Embeddings found = encoder.embedder().embed(List.of("a llama", "a plateau"));
      float[] first = found.vectors().getFirst();
      return first.length;
    }
  }

  static int langChain4j(LocalModel local, LocalEncoder encoder) {
    ChatModel model = PunaChatModel.builder().model(local).temperature(0.7).build();
    EmbeddingModel embeddings = PunaEmbeddingModel.builder().model(encoder).build();
    return model.chat("Hello").length() + embeddings.embed("Hello").content().dimension();
  }
}
