package org.puna.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** A YAML document as a tree whose every part knows its line, so that errors can name it. */
sealed interface YamlTree {
  /** Levels of nesting that are read; an inventory needs four. */
  int MAX_DEPTH = 16;

  /** How the parser names a line, after {@code in reader}. */
  Pattern LINE = Pattern.compile("in reader, line ([0-9]{1,9})");

  /** Returns file and line, the start of every error about this part. */
  String where();

  /**
   * A single value.
   *
   * @param where file and line
   * @param text as written
   */
  record Scalar(String where, String text) implements YamlTree {}

  /**
   * A list.
   *
   * @param where file and line
   * @param items its parts
   */
  record Items(String where, List<YamlTree> items) implements YamlTree {}

  /**
   * A mapping.
   *
   * @param where file and line
   * @param fields its parts by key
   */
  record Fields(String where, Map<String, YamlTree> fields) implements YamlTree {}

  /**
   * Reads a document.
   *
   * @param text the document
   * @param file its name for errors
   * @throws BadInput if it is not YAML, is empty, repeats a key or nests too deep
   */
  static YamlTree read(String text, String file) {
    try (JsonParser p = new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
      if (p.nextToken() == null) {
        throw new BadInput(file + ": empty; write sites with chips and counts");
      }
      return node(p, file, 0);
    } catch (JacksonException e) {
      String message = String.valueOf(e.getOriginalMessage());
      int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
      // The parser's own message names the place of the problem, the location where it began.
      Matcher named = LINE.matcher(message);
      while (named.find()) line = Math.max(line, Integer.parseInt(named.group(1)));
      String why = problem(message);
      throw new BadInput(
          file + ":" + line + ": not YAML: " + why + "; check indentation, colons and brackets", e);
    }
  }

  /**
   * What the parser found, out of a message of many lines: what it was reading, where, an excerpt,
   * and last the problem itself.
   */
  private static String problem(String message) {
    return message
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith(" "))
        .reduce((first, last) -> last)
        .map(line -> line.replaceAll("\\s+", " "))
        .orElse("unreadable");
  }

  private static YamlTree node(JsonParser p, String file, int depth) {
    String where = file + ":" + Math.max(1, p.currentTokenLocation().getLineNr());
    if (depth > MAX_DEPTH) {
      throw new BadInput(where + ": nested deeper than " + MAX_DEPTH + "; flatten the file");
    }
    JsonToken t = p.currentToken();
    if (t == JsonToken.START_ARRAY) {
      List<YamlTree> items = new ArrayList<>();
      while (p.nextToken() != JsonToken.END_ARRAY) items.add(node(p, file, depth + 1));
      return new Items(where, items);
    }
    if (t == JsonToken.START_OBJECT) {
      Map<String, YamlTree> fields = new LinkedHashMap<>();
      while (p.nextToken() != JsonToken.END_OBJECT) {
        String key = p.currentName();
        String at = file + ":" + Math.max(1, p.currentTokenLocation().getLineNr());
        p.nextToken();
        if (fields.put(key, node(p, file, depth + 1)) != null) {
          throw new BadInput(at + ": the key " + Quantity.brief(key) + " is there twice; keep one");
        }
      }
      return new Fields(where, fields);
    }
    String s = p.getString();
    return new Scalar(where, t == JsonToken.VALUE_NULL || s == null ? "" : s);
  }
}
