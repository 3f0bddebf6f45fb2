package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;

/**
 * A place in a JSON file, which knows its name for errors.
 *
 * @param node what is there
 * @param where the file and the path to the place
 */
record JsonAt(JsonNode node, String where) {
  /** A field, which may be missing: then its node is. */
  JsonAt get(String field) {
    return new JsonAt(node.path(field), where + "." + field);
  }

  /** Whether there is neither a value nor a null. */
  boolean isNothing() {
    return node.isMissingNode() || node.isNull();
  }

  /** The elements of a list. */
  List<JsonAt> list() {
    if (!node.isArray()) throw bad("a list");
    List<JsonAt> out = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      out.add(new JsonAt(node.get(i), where + "[" + i + "]"));
    }
    return out;
  }

  String string() {
    if (!node.isString()) throw bad("a string");
    return Utf8.wellFormed(node.asString());
  }

  /** A string, or what a missing one means. */
  String string(String otherwise) {
    return isNothing() ? otherwise : string();
  }

  boolean bool(boolean otherwise) {
    if (isNothing()) return otherwise;
    if (!node.isBoolean()) throw bad("true or false");
    return node.asBoolean();
  }

  /** A whole number within bounds. */
  int integer(int least, int most) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw bad("a whole number from " + least + " to " + most);
    }
    int value = node.asInt();
    if (value < least || value > most) throw bad("a whole number from " + least + " to " + most);
    return value;
  }

  /** One character. */
  char character(String otherwise) {
    String text = string(otherwise);
    if (text.length() != 1) throw bad("one character");
    return text.charAt(0);
  }

  BadInput bad(String expected) {
    String found = node.isMissingNode() ? "nothing" : node.toString();
    return new BadInput(where + ": expected " + expected + ", found " + shown(found));
  }

  private static String shown(String json) {
    String line = json.replaceAll("\\s+", " ");
    return line.length() > 60 ? line.substring(0, 60) + "…" : line;
  }
}
