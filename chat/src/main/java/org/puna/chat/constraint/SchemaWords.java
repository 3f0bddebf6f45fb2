package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The keywords of JSON Schema: which assert something, and of what types of values. */
final class SchemaWords {
  /** Keywords that assert what this compiler does not check. */
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "dependentSchemas",
          "dependentRequired",
          "dependencies",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "contains",
          "minContains",
          "maxContains",
          "multipleOf",
          "unevaluatedProperties",
          "unevaluatedItems",
          "$dynamicRef",
          "$recursiveRef");

  private static final Set<String> OBJECT_WORDS =
      Set.of("properties", "required", "additionalProperties");
  private static final Set<String> ARRAY_WORDS =
      Set.of("items", "prefixItems", "minItems", "maxItems", "uniqueItems");
  private static final Set<String> STRING_WORDS =
      Set.of("minLength", "maxLength", "pattern", "format");
  private static final Set<String> NUMBER_WORDS =
      Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");

  private SchemaWords() {}

  /**
   * Refuses a schema with a keyword that asserts what no grammar here says.
   *
   * @throws BadInput with the place of the keyword
   */
  static void checkSupported(ObjectNode o, String at) {
    for (String word : UNSUPPORTED) {
      if (o.has(word)) throw bad(at + "/" + word, "is not supported");
    }
  }

  /** Returns whether a keyword asserts something about values. */
  static boolean asserts(String word) {
    return OBJECT_WORDS.contains(word)
        || ARRAY_WORDS.contains(word)
        || STRING_WORDS.contains(word)
        || NUMBER_WORDS.contains(word)
        || Set.of("type", "enum", "const", "anyOf", "oneOf", "allOf").contains(word);
  }

  /** Returns the types that a schema names, or those that its keywords speak of. */
  static List<String> types(ObjectNode o, String at) {
    JsonNode type = o.get("type");
    if (type == null) {
      // A keyword for one kind of value is meant to describe such a value.
      List<String> implied = new ArrayList<>();
      if (OBJECT_WORDS.stream().anyMatch(o::has)) implied.add("object");
      if (ARRAY_WORDS.stream().anyMatch(o::has)) implied.add("array");
      if (STRING_WORDS.stream().anyMatch(o::has)) implied.add("string");
      if (NUMBER_WORDS.stream().anyMatch(o::has)) implied.add("number");
      return implied.isEmpty() ? List.of("any") : implied;
    }
    if (type.isString()) return List.of(type.stringValue());
    if (!type.isArray() || type.isEmpty())
      throw bad(at + "/type", "expected a name or a list of names");
    List<String> names = new ArrayList<>();
    for (JsonNode t : type) names.add(t.stringValue(""));
    return names;
  }

  /** Returns whether a value is of a type. */
  static boolean isOf(JsonNode v, String type) {
    return switch (type) {
      case "null" -> v.isNull();
      case "boolean" -> v.isBoolean();
      case "integer" -> v.isIntegralNumber();
      case "number" -> v.isNumber();
      case "string" -> v.isString();
      case "array" -> v.isArray();
      case "object" -> v.isObject();
      default -> false;
    };
  }

  /** Returns the whole number that a keyword gives. */
  static int count(ObjectNode o, String word, int missing, String at) {
    JsonNode n = o.get(word);
    if (n == null) return missing;
    // Not n.doubleValue(), which throws for integers beyond the doubles.
    double x = n.isNumber() ? n.numberValue().doubleValue() : Double.NaN;
    if (!(x >= 0) || x != Math.rint(x)) {
      throw bad(at + "/" + word, "expected a whole number of at least 0, found " + n);
    }
    if (x > 100_000) throw bad(at + "/" + word, "is above 100000");
    return (int) x;
  }

  /** Returns what is wrong at a place of the schema. */
  static BadInput bad(String at, String what) {
    return new BadInput("schema: " + at + ": " + what);
  }
}
