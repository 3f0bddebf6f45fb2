package org.puna.chat.constraint;

import static org.puna.chat.constraint.Grammar.Node.text;
import static org.puna.chat.constraint.SchemaWords.asserts;
import static org.puna.chat.constraint.SchemaWords.bad;
import static org.puna.chat.constraint.SchemaWords.isOf;
import static org.puna.chat.constraint.SchemaWords.types;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns a JSON Schema (draft 2020-12) into the grammar of the texts that validate against it.
 * Properties come in the order in which the schema lists them. What a grammar cannot say, or would
 * be too large to say, is refused with the place of the keyword. References, alternatives and types
 * are taken apart here; numbers and strings in {@link SchemaScalars}, arrays and objects in {@link
 * SchemaContainers}.
 */
public final class JsonSchema {
  /** References in a row that are followed: more of them are a circle. */
  private static final int MOST_REFERENCES = 32;

  private final JsonNode root;
  private final Map<String, Node> rules;
  private final String prefix;
  private final SchemaContainers containers;

  private JsonSchema(JsonNode root, Map<String, Node> rules, String prefix) {
    this.root = root;
    this.rules = rules;
    this.prefix = prefix;
    containers = new SchemaContainers(rules, prefix, this::rule);
  }

  /**
   * Compiles a schema.
   *
   * @throws BadInput with the path of a keyword that is wrong, unsupported or cannot be met
   */
  public static Grammar compile(JsonNode schema) {
    Map<String, Node> rules = new HashMap<>();
    rules.put("root", addTo(rules, "", schema));
    return new Grammar(rules, "root");
  }

  /**
   * Compiles a schema as a part of a larger grammar.
   *
   * @param rules where its rules go
   * @param prefix of the names of its rules, so that several schemas do not meet
   * @return what a text that validates matches
   * @throws BadInput with the path of a keyword that is wrong, unsupported or cannot be met
   */
  public static Node addTo(Map<String, Node> rules, String prefix, JsonNode schema) {
    Json.addTo(rules);
    return new JsonSchema(schema, rules, prefix).reference("#", "#");
  }

  /** Returns the grammar of any JSON object. */
  public static Grammar anyObject() {
    Map<String, Node> rules = new HashMap<>();
    Json.addTo(rules);
    rules.put("root", Json.OBJECT);
    return new Grammar(rules, "root");
  }

  /**
   * The rule of what a {@code $ref} points at, compiled when first met, so that schemas may be
   * recursive.
   */
  private Node reference(String pointer, String at) {
    if (!pointer.startsWith("#")) {
      throw bad(
          at,
          "refers to \""
              + pointer
              + "\"; only references within the schema (\"#/…\") are supported");
    }
    String name = prefix + "schema " + pointer;
    if (!rules.containsKey(name)) {
      JsonNode target;
      try {
        target = at(pointer);
      } catch (IllegalArgumentException e) {
        throw new BadInput("schema: " + at + ": \"" + pointer + "\" is not a JSON pointer", e);
      }
      if (target.isMissingNode())
        throw bad(at, "refers to \"" + pointer + "\", which is not there");
      rules.put(name, Node.EMPTY);
      rules.put(name, schema(target, pointer));
    }
    return new Node.Rule(name);
  }

  /** A nested schema as a rule of its own, so that it is compiled once however often it is used. */
  private Node rule(JsonNode s, String at) {
    String name = prefix + "schema " + at;
    if (!rules.containsKey(name)) {
      rules.put(name, Node.EMPTY);
      rules.put(name, schema(s, at));
    }
    return new Node.Rule(name);
  }

  private Node schema(JsonNode s, String at) {
    if (s.isBoolean()) return s.booleanValue() ? Json.VALUE : new Node.Choice(List.of());
    if (!(s instanceof ObjectNode o))
      throw bad(at, "expected an object, true or false, found " + s);
    SchemaWords.checkSupported(o, at);
    if (o.has("$ref")) return reference(o, at);
    if (o.has("allOf")) return schema(JoinedSchemas.allOf(o, this::resolve, at), at);
    if (o.has("anyOf")) return anyOf(o, "anyOf", at);
    if (o.has("oneOf")) {
      Disjoint.check(o.get("oneOf"), this::resolve, at + "/oneOf");
      return anyOf(o, "oneOf", at);
    }
    if (o.has("const")) return constant(o.get("const"));
    if (o.has("enum")) return enumeration(o, at);
    List<Node> options = new ArrayList<>();
    for (String type : types(o, at)) options.add(typed(type, o, at));
    return options.size() == 1 ? options.getFirst() : new Node.Choice(options);
  }

  private Node reference(ObjectNode o, String at) {
    for (String word : o.propertyNames()) {
      if (asserts(word)) throw bad(at + "/" + word, "beside \"$ref\" is not supported");
    }
    if (!o.get("$ref").isString()) throw bad(at + "/$ref", "expected a string");
    return reference(o.get("$ref").stringValue(), at + "/$ref");
  }

  /**
   * Returns what a pointer within the schema points at, a missing node if nothing is there.
   *
   * @throws IllegalArgumentException if it is no JSON pointer
   */
  private JsonNode at(String pointer) {
    return root.at(URLDecoder.decode(pointer.substring(1), StandardCharsets.UTF_8));
  }

  /**
   * Follows references, as far as they are any: one that is none is refused where it is compiled.
   */
  private JsonNode resolve(JsonNode s) {
    JsonNode at = s;
    for (int i = 0; i < MOST_REFERENCES && at.path("$ref").stringValue("").startsWith("#"); i++) {
      try {
        at = at(at.get("$ref").stringValue());
      } catch (IllegalArgumentException e) {
        return at;
      }
    }
    return at;
  }

  /** Each option with what stands beside the keyword, which holds for all of them. */
  private Node anyOf(ObjectNode o, String word, String at) {
    if (!o.get(word).isArray() || o.get(word).isEmpty()) {
      throw bad(at + "/" + word, "expected a list of schemas");
    }
    ObjectNode rest = o.deepCopy();
    rest.remove(word);
    boolean alone = rest.propertyNames().stream().noneMatch(SchemaWords::asserts);
    List<Node> options = new ArrayList<>();
    for (int i = 0; i < o.get(word).size(); i++) {
      String place = at + "/" + word + "/" + i;
      JsonNode option = o.get(word).get(i);
      options.add(
          alone
              ? schema(option, place)
              : schema(JoinedSchemas.both(rest, resolve(option), place), place));
    }
    return new Node.Choice(options);
  }

  private Node typed(String type, ObjectNode o, String at) {
    return switch (type) {
      case "any" -> Json.VALUE;
      case "null" -> text("null");
      case "boolean" -> Json.BOOLEAN;
      case "integer" -> SchemaScalars.number(o, true, at);
      case "number" -> SchemaScalars.number(o, false, at);
      case "string" -> SchemaScalars.string(o, at);
      case "array" -> containers.array(o, at);
      case "object" -> containers.object(o, at);
      default -> throw bad(at + "/type", "\"" + type + "\" is not a type");
    };
  }

  private static Node enumeration(ObjectNode o, String at) {
    JsonNode values = o.get("enum");
    if (!values.isArray() || values.isEmpty()) throw bad(at + "/enum", "expected a list of values");
    List<Node> options = new ArrayList<>();
    for (JsonNode v : values) {
      if (!o.has("type") || types(o, at).stream().anyMatch(t -> isOf(v, t)))
        options.add(constant(v));
    }
    if (options.isEmpty()) throw bad(at + "/enum", "has no value of the type");
    return new Node.Choice(options);
  }

  private static Node constant(JsonNode value) {
    return text(value.toString());
  }
}
