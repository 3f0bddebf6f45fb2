package org.puna.chat.constraint;

import java.util.HashSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;

/**
 * Checks that no value can match two options of a {@code oneOf}, in the ways that schemas are
 * written in practice.
 */
final class Disjoint {
  private Disjoint() {}

  /**
   * Refuses options that may overlap.
   *
   * @param resolve follows references
   * @throws BadInput naming the two options
   */
  static void check(JsonNode options, UnaryOperator<JsonNode> resolve, String at) {
    for (int i = 0; i < options.size(); i++) {
      for (int j = i + 1; j < options.size(); j++) {
        if (!apart(resolve.apply(options.get(i)), resolve.apply(options.get(j)), resolve)) {
          throw new BadInput(
              "schema: "
                  + at
                  + ": options "
                  + i
                  + " and "
                  + j
                  + " may both match; give them different types or a property with different"
                  + " constants, or use \"anyOf\"");
        }
      }
    }
  }

  private static boolean apart(JsonNode a, JsonNode b, UnaryOperator<JsonNode> resolve) {
    Set<String> typesA = types(a);
    Set<String> typesB = types(b);
    if (!typesA.isEmpty() && !typesB.isEmpty()) {
      Set<String> common = new HashSet<>(typesA);
      common.retainAll(typesB);
      if (common.isEmpty()) return true;
    }
    Set<JsonNode> valuesA = values(a);
    Set<JsonNode> valuesB = values(b);
    if (!valuesA.isEmpty() && !valuesB.isEmpty()) {
      Set<JsonNode> common = new HashSet<>(valuesA);
      common.retainAll(valuesB);
      return common.isEmpty();
    }
    return discriminated(a, b, resolve);
  }

  /** Whether both require a property whose constants differ. */
  private static boolean discriminated(JsonNode a, JsonNode b, UnaryOperator<JsonNode> resolve) {
    for (JsonNode name : a.path("required")) {
      String key = name.stringValue("");
      boolean inBoth = false;
      for (JsonNode other : b.path("required")) inBoth |= other.stringValue("").equals(key);
      if (!inBoth) continue;
      JsonNode mine = resolve.apply(a.path("properties").path(key));
      JsonNode theirs = resolve.apply(b.path("properties").path(key));
      if (!mine.isMissingNode() && !theirs.isMissingNode() && apart(mine, theirs, resolve))
        return true;
    }
    return false;
  }

  private static Set<String> types(JsonNode s) {
    Set<String> out = new HashSet<>();
    JsonNode type = s.path("type");
    if (type.isString()) out.add(type.stringValue());
    for (JsonNode t : type) out.add(t.stringValue(""));
    for (JsonNode v : values(s)) {
      if (type.isMissingNode()) {
        out.add(
            v.isObject()
                ? "object"
                : v.isArray()
                    ? "array"
                    : v.isString()
                        ? "string"
                        : v.isBoolean() ? "boolean" : v.isNull() ? "null" : "number");
      }
    }
    // Every integer is a number.
    if (out.contains("number")) out.add("integer");
    return out;
  }

  private static Set<JsonNode> values(JsonNode s) {
    Set<JsonNode> out = new HashSet<>();
    if (s.has("const")) out.add(s.get("const"));
    for (JsonNode v : s.path("enum")) out.add(v);
    return out;
  }
}
