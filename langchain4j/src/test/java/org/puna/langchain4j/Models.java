package org.puna.langchain4j;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.puna.chat.ChatModel;
import org.puna.fixtures.ByteTokenizer;

/** The model that LangChain4j's tests talk to. */
final class Models {
  private static final String TEMPLATE =
      "{% if tools %}<tool_call>{{ tools|tojson }}{% endif %}{% for m in messages %}[{{ m.role"
          + " }}]{{ m.content }}{% for c in m.tool_calls %}!{{ c.function.name }}{{"
          + " c.function.arguments|tojson }}{% endfor %}{% endfor %}[assistant]";

  private static final String BERLIN = "The capital of Germany is Berlin, and 2 + 2 is 4.";

  private Models() {}

  /** A call as Qwen and Hermes write it. */
  private static String call(String name, String arguments) {
    return "<tool_call>\n{\"name\": \""
        + name
        + "\", \"arguments\": "
        + arguments
        + "}\n</tool_call>";
  }

  static ChatModel clever() {
    ByteTokenizer tokenizer = new ByteTokenizer("<s>", "</s>");
    String weather = call("getWeather", "{\"city\": \"Munich\"}");
    Oracle oracle =
        new Oracle(tokenizer, Duration.ofMillis(1))
            .when("\\[tool\\]sunny.*\\[tool\\]14:35", "It is sunny, and the time is 14:35.")
            .when("\\[tool\\]sunny", "It is sunny in Munich.")
            .when("\\[tool\\]10:14", "It is 10:14 now.")
            .when("in parallel", weather + "\n" + call("getTime", "{\"country\": \"France\"}"))
            .when("get_current_time tool", call("get_current_time", "{}"))
            .when("weather in Munich", weather)
            .whenBound("\\[tool\\]sunny", "{\"weather\": \"sunny\"}")
            .whenBound("weather in Munich", weather)
            .whenBound("live in Munich", weather)
            .whenBound("capital of Germany", "{\"city\": \"Berlin\"}")
            .when("Translate", "Ich liebe dich")
            .when("my favorite color", "Your favorite color is green.")
            .when("Hello World", "Hello World")
            .when("long story", "Once upon a time there was a llama. ".repeat(20))
            .when("hello|Hello", "Hello, how are you?")
            .when("capital of Germany", BERLIN);
    return model(oracle, tokenizer);
  }

  /** A model that refuses every request. */
  static ChatModel failing() {
    ByteTokenizer tokenizer = new ByteTokenizer("<s>", "</s>");
    return model(new Oracle(tokenizer, Duration.ZERO), tokenizer);
  }

  /** A model that always says the same, slowly. */
  static ChatModel saying(String text, Duration pause) {
    ByteTokenizer tokenizer = new ByteTokenizer("<s>", "</s>");
    return model(new Oracle(tokenizer, pause).when("", text), tokenizer);
  }

  private static ChatModel model(Oracle oracle, ByteTokenizer tokenizer) {
    return new ChatModel(oracle, tokenizer, Optional.of(TEMPLATE), Set.of(), Clock.systemUTC());
  }
}
