package org.puna.train.eval;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.model.io.MappedFile;
import org.puna.train.data.Corpus;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads items from JSON lines; what an item is shows in its fields: {@code query}, {@code choices},
 * {@code gold}; {@code context_options}, {@code continuation}, {@code gold}; {@code context},
 * {@code continuation}; {@code question}, {@code answer}.
 */
public final class Items {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** A field of each kind of item that texts do not have. */
  private static final List<String> KINDS =
      List.of("context_options", "choices", "continuation", "question");

  private Items() {}

  /**
   * Returns whether a file of JSON lines holds items rather than texts: its first line has a field
   * of an item, or no string {@code text} or {@code content}.
   *
   * @throws BadInput if it cannot be read
   */
  public static boolean in(Path file) {
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.isBlank()) continue;
        JsonNode n = JSON.readTree(Corpus.withoutMark(line));
        return KINDS.stream().anyMatch(n::has)
            || !n.path("text").isString() && !n.path("content").isString();
      }
      return true;
    } catch (JacksonException e) {
      // What is wrong with the line is said by whoever reads it.
      return true;
    } catch (CharacterCodingException e) {
      throw Corpus.notUtf8(file, e);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  /**
   * Reads a file.
   *
   * @param most items to read at most
   * @throws BadInput if a line is not an item, or the file has none
   */
  public static List<Item> read(Path file, int most) throws IOException {
    List<Item> out = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      int n = 0;
      for (String line = in.readLine(); line != null && out.size() < most; line = in.readLine()) {
        n++;
        if (!line.isBlank()) out.add(item(line, file + ", line " + n));
      }
    } catch (CharacterCodingException e) {
      throw Corpus.notUtf8(file, e);
    }
    if (out.isEmpty()) {
      throw new BadInput(file + ": expected items, one JSON object a line, found none");
    }
    return out;
  }

  private static Item item(String line, String where) {
    JsonNode n;
    try {
      n = JSON.readTree(Corpus.withoutMark(line));
    } catch (JacksonException e) {
      throw new BadInput(where + ": expected a JSON object: " + JsonFault.said(e), e);
    }
    if (n.has("context_options")) {
      List<String> contexts = texts(n, "context_options", where);
      return new Item.Contexts(
          contexts, text(n, "continuation", where), gold(n, contexts.size(), where));
    }
    if (n.has("choices")) {
      List<String> choices = texts(n, "choices", where);
      return new Item.Choice(
          context(text(n, "query", where)), choices, gold(n, choices.size(), where));
    }
    if (n.has("continuation")) {
      return new Item.LastWord(text(n, "context", where), text(n, "continuation", where));
    }
    if (n.has("question")) {
      return new Item.Problem(text(n, "question", where), text(n, "answer", where));
    }
    throw new BadInput(
        where
            + ": expected the fields query, choices and gold, or context_options, or context and"
            + " continuation, or question and answer");
  }

  /** A question asks for its answer by name, as the harness' tasks do. */
  private static String context(String query) {
    if (!query.startsWith("Question:")) return query;
    // Published files have the line's end before the answer's, or leave it to the reader.
    return (query.endsWith("\n") ? query.substring(0, query.length() - 1) : query) + "\nAnswer:";
  }

  private static String text(JsonNode n, String field, String where) {
    JsonNode v = n.path(field);
    if (!v.isString()) throw new BadInput(where + ": " + field + ": expected a text");
    return v.asString();
  }

  private static List<String> texts(JsonNode n, String field, String where) {
    List<String> out = new ArrayList<>();
    for (JsonNode v : n.path(field)) {
      if (!v.isString()) throw new BadInput(where + ": " + field + ": expected texts");
      out.add(v.asString());
    }
    if (out.size() < 2) throw new BadInput(where + ": " + field + ": expected at least 2 texts");
    return out;
  }

  private static int gold(JsonNode n, int choices, String where) {
    JsonNode v = n.path("gold");
    if (!v.isIntegralNumber() || v.asInt(-1) < 0 || v.asInt(-1) >= choices) {
      throw new BadInput(
          where + ": gold: expected an index from 0 to " + (choices - 1) + ", found " + v);
    }
    return v.asInt();
  }
}
