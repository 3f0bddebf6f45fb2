package org.puna.train.tune;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.train.data.Corpus;
import org.puna.train.parquet.ParquetFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Conversations in files: JSON Lines, a JSON array, or Parquet, of objects with {@code messages} in
 * OpenAI's form, {@code conversations} in ShareGPT's, of instructions ({@code instruction}, {@code
 * input}, {@code output} or {@code response}), of questions ({@code question}, {@code answer}), or
 * of TRL's {@code prompt} and {@code completion}.
 */
public final class Conversations {
  private static final long MOST_BYTES = 1L << 30;

  /** OpenAI's key of a message: an assistant's with 0 is not learned. */
  static final String WEIGHT = "weight";

  /** What is read of Parquet files: published sets have many other columns. */
  private static final Set<String> COLUMNS =
      Set.of(
          "messages",
          "conversations",
          "tools",
          "instruction",
          "input",
          "output",
          "response",
          "question",
          "answer",
          "prompt",
          "completion",
          "chosen",
          "rejected");

  /** Who may speak, by OpenAI's names. */
  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function");

  /** Who speaks in ShareGPT's form, by OpenAI's names. */
  private static final Map<String, String> SHARED =
      Map.of(
          "system", "system",
          "human", "user",
          "user", "user",
          "gpt", "assistant",
          "assistant", "assistant",
          "tool", "tool");

  private Conversations() {}

  /**
   * A conversation.
   *
   * @param where it is from
   * @param messages in order
   * @param tools functions that the assistant may call
   */
  public record Conversation(
      String where, List<Map<String, Object>> messages, Optional<List<Object>> tools) {}

  /**
   * A question with a better and a worse answer.
   *
   * @param where it is from
   * @param prompt messages before the answer
   * @param chosen the better answer
   * @param rejected the worse one
   */
  public record Pair(
      String where, List<Map<String, Object>> prompt, String chosen, String rejected) {
    /** Returns the conversation that ends with one of the answers. */
    List<Map<String, Object>> with(String answer) {
      List<Map<String, Object>> all = new ArrayList<>(prompt);
      all.add(message("assistant", answer));
      return all;
    }
  }

  /** Returns the objects of a file with the place of each. */
  private static List<Map.Entry<String, JsonNode>> objects(Path file) {
    List<Map.Entry<String, JsonNode>> out = new ArrayList<>();
    try {
      if (!Files.isRegularFile(file)) {
        throw new BadInput(file + ": no such file; name a .jsonl, .json or .parquet file");
      }
      if (Files.size(file) > MOST_BYTES) throw new BadInput(file + ": more than 1 GiB; split it");
      if (file.toString().toLowerCase(Locale.ROOT).endsWith(".parquet")) return rows(file);
      String text = Corpus.withoutMark(Files.readString(file));
      if (text.stripLeading().startsWith("[")) {
        int i = 0;
        for (JsonNode n : JsonMapper.shared().readTree(text)) {
          out.add(Map.entry(file + "[" + i++ + "]", n));
        }
        return out;
      }
      int line = 0;
      for (String l : text.lines().toList()) {
        line++;
        if (!l.isBlank()) out.add(Map.entry(file + ":" + line, object(file + ":" + line, l)));
      }
      return out;
    } catch (JacksonException e) {
      throw new BadInput(
          file + ": expected a JSON array, or a JSON object on each line, found neither", e);
    } catch (CharacterCodingException e) {
      throw Corpus.notUtf8(file, e);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private static JsonNode object(String where, String line) {
    try {
      return JsonMapper.shared().readTree(line);
    } catch (JacksonException e) {
      throw new BadInput(where + ": expected a JSON object on this line, found none", e);
    }
  }

  private static List<Map.Entry<String, JsonNode>> rows(Path file) {
    List<Map.Entry<String, JsonNode>> out = new ArrayList<>();
    try (ParquetFile parquet = ParquetFile.open(file)) {
      if (parquet.bytes(COLUMNS) > MOST_BYTES) {
        throw new BadInput(file + ": more than 1 GiB once expanded; split it");
      }
      if (parquet.columns().stream().noneMatch(COLUMNS::contains)) throw unknown(file.toString());
      parquet.read(COLUMNS, (n, row) -> out.add(Map.entry(file + "[" + n + "]", row)));
    }
    return out;
  }

  /**
   * Reads conversations.
   *
   * @throws BadInput if one is not of a known form: the message names file and place
   */
  public static List<Conversation> read(List<Path> files) {
    List<Conversation> out = new ArrayList<>();
    for (Path f : files) {
      for (var e : objects(f)) out.add(conversation(e.getKey(), e.getValue()));
    }
    if (out.isEmpty()) throw new BadInput(files + ": no conversations here");
    return out;
  }

  private static Conversation conversation(String where, JsonNode o) {
    if (o.path("messages").isArray()) {
      JsonNode tools = o.path("tools");
      Optional<List<Object>> functions =
          tools.isArray()
              ? Optional.of(List.of(JsonMapper.shared().convertValue(tools, Object[].class)))
              : Optional.empty();
      return new Conversation(where, messages(where, o.get("messages")), functions);
    }
    if (o.path("conversations").isArray()) {
      return new Conversation(where, shared(where, o.get("conversations")), Optional.empty());
    }
    List<Map<String, Object>> messages = new ArrayList<>();
    if (o.path("completion").isArray()) {
      messages.addAll(prompt(where, o));
      messages.addAll(messages(where, o.get("completion")));
      return new Conversation(where, messages, Optional.empty());
    }
    Optional<String> answer = text(o, "output", "response", "answer", "completion", "chosen");
    if (answer.isEmpty()) throw unknown(where);
    messages.addAll(prompt(where, o));
    messages.add(message("assistant", said(where, answer.get())));
    return new Conversation(where, messages, Optional.empty());
  }

  private static String said(String where, String answer) {
    if (answer.isBlank()) throw new BadInput(where + ": the answer is empty; leave it out");
    return answer;
  }

  private static BadInput unknown(String where) {
    return new BadInput(
        where
            + ": expected \"messages\", or \"conversations\", or \"instruction\" and \"output\", or"
            + " \"question\" and \"answer\", or \"prompt\" and \"completion\"");
  }

  private static List<Map<String, Object>> shared(String where, JsonNode list) {
    List<Map<String, Object>> out = new ArrayList<>();
    for (JsonNode m : list) {
      String at = where + ": message " + out.size();
      if (!m.path("from").isString() || !m.path("value").isString()) {
        throw new BadInput(at + ": expected \"from\" and \"value\", found " + m.propertyNames());
      }
      String from = m.get("from").stringValue();
      String role = SHARED.get(from);
      if (role == null) {
        throw new BadInput(
            at + ": from: expected human, gpt, system or tool, found " + from + "; rename it");
      }
      Map<String, Object> message = message(role, m.get("value").stringValue());
      speaking(at, message);
      out.add(message);
    }
    return out;
  }

  /** Refuses an assistant that says nothing, which would teach the model to do so. */
  private static void speaking(String at, Map<String, Object> m) {
    boolean silent = String.valueOf(m.get("content")).isBlank();
    boolean calls = m.get("tool_calls") instanceof List<?> c && !c.isEmpty();
    boolean learned = !Integer.valueOf(0).equals(m.get(WEIGHT));
    if ("assistant".equals(m.get("role")) && silent && !calls && learned) {
      throw new BadInput(
          at
              + ": the assistant's content is empty; leave this conversation out, or say"
              + " \"weight\": 0");
    }
  }

  private static List<Map<String, Object>> prompt(String where, JsonNode o) {
    if (o.path("prompt").isArray()) return messages(where, o.get("prompt"));
    Optional<String> question = text(o, "instruction", "question", "prompt");
    if (question.isEmpty()) throw unknown(where);
    String input = text(o, "input").orElse("");
    return List.of(
        message("user", input.isBlank() ? question.get() : question.get() + "\n\n" + input));
  }

  private static List<Map<String, Object>> messages(String where, JsonNode list) {
    List<Map<String, Object>> out = new ArrayList<>();
    for (JsonNode m : list) {
      if (!m.isObject() || !m.path("role").isString()) {
        throw new BadInput(where + ": message " + out.size() + ": expected an object with a role");
      }
      String at = where + ": message " + out.size();
      String role = m.get("role").stringValue();
      if (!ROLES.contains(role)) {
        throw new BadInput(
            at
                + ": role: expected system, developer, user, assistant, tool or function, found "
                + role
                + "; rename it");
      }
      Map<String, Object> message = new LinkedHashMap<>();
      for (var e : m.properties()) {
        if (e.getValue().isNull()) continue;
        message.put(
            e.getKey(),
            switch (e.getKey()) {
              case "content" -> content(at, e.getValue());
              case WEIGHT -> weight(at, e.getValue());
              default -> JsonMapper.shared().convertValue(e.getValue(), Object.class);
            });
      }
      message.putIfAbsent("content", "");
      speaking(at, message);
      out.add(message);
    }
    return out;
  }

  /** Templates lay out one text: OpenAI's list of parts is joined, a part of another kind none. */
  private static String content(String at, JsonNode content) {
    if (content.isString()) return content.stringValue();
    if (!content.isArray()) {
      throw new BadInput(at + ": content: expected a text or a list of texts, found " + content);
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!part.path("type").asString("").equals("text") || !part.path("text").isString()) {
        throw new BadInput(
            at
                + ": content: expected parts of type text, found "
                + part.path("type").asString("a part without a type")
                + "; leave this conversation out");
      }
      text.append(part.get("text").stringValue());
    }
    return text.toString();
  }

  private static int weight(String at, JsonNode weight) {
    double w = weight.isNumber() ? weight.doubleValue() : Double.NaN;
    if (w == 0 || w == 1) return (int) w;
    throw new BadInput(at + ": weight: expected 0 or 1, found " + weight);
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("role", role);
    m.put("content", content);
    return m;
  }

  private static Optional<String> text(JsonNode o, String... fields) {
    for (String f : fields) {
      JsonNode v = o.path(f);
      if (v.isString()) return Optional.of(v.stringValue());
    }
    return Optional.empty();
  }

  /**
   * Reads pairs: {@code chosen} and {@code rejected} beside a question in any of the forms, or as
   * lists of messages that begin with the same question, as TRL has them.
   *
   * @throws BadInput if one is not of this form
   */
  public static List<Pair> pairs(List<Path> files) {
    List<Pair> out = new ArrayList<>();
    for (Path f : files) {
      for (var e : objects(f)) out.add(pair(e.getKey(), e.getValue()));
    }
    if (out.isEmpty()) throw new BadInput(files + ": no pairs here");
    return out;
  }

  private static Pair pair(String where, JsonNode o) {
    for (String field : List.of("chosen", "rejected")) {
      if (!o.path(field).isString() && (!o.path(field).isArray() || o.path(field).isEmpty())) {
        throw new BadInput(
            where
                + ": expected \"chosen\" and \"rejected\", texts beside a question or lists of"
                + " messages, found no such \""
                + field
                + "\"");
      }
    }
    List<Map<String, Object>> before = before(where, o, "chosen");
    if (!before.equals(before(where, o, "rejected"))) {
      throw new BadInput(
          where + ": \"chosen\" and \"rejected\" answer different questions; expected the same");
    }
    boolean asked = o.has("prompt") || o.has("question") || o.has("instruction");
    List<Map<String, Object>> prompt = asked || before.isEmpty() ? prompt(where, o) : before;
    // A question that is said twice is one.
    if (!before.isEmpty() && !before.equals(prompt)) {
      if (o.path("prompt").isArray()) {
        throw new BadInput(
            where + ": \"prompt\" and the messages before the answer differ; leave one out");
      }
      prompt = before;
    }
    return new Pair(where, prompt, answer(where, o, "chosen"), answer(where, o, "rejected"));
  }

  /** Returns the messages before an answer, where it is a list of which the last is meant. */
  private static List<Map<String, Object>> before(String where, JsonNode o, String field) {
    if (!o.path(field).isArray()) return List.of();
    var all = messages(where + ": " + field, o.get(field));
    if (!"assistant".equals(all.getLast().get("role"))) {
      throw new BadInput(where + ": " + field + ": expected a last message of role assistant");
    }
    return List.copyOf(all.subList(0, all.size() - 1));
  }

  private static String answer(String where, JsonNode o, String field) {
    if (o.path(field).isString()) return said(where + ": " + field, o.get(field).stringValue());
    return String.valueOf(messages(where + ": " + field, o.get(field)).getLast().get("content"));
  }
}
