package org.puna.chat.constraint;

import static org.puna.chat.constraint.Grammar.Node.optional;
import static org.puna.chat.constraint.Grammar.Node.sequence;
import static org.puna.chat.constraint.Grammar.Node.text;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns a JSON Schema (draft 2020-12) into the grammar of the texts that validate against it.
 * Properties come in the order in which the schema lists them. What a grammar cannot say, or would
 * be too large to say, is refused with the place of the keyword.
 */
public final class JsonSchema {
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

  private final JsonNode root;
  private final Map<String, Node> rules;
  private final String prefix;

  private JsonSchema(JsonNode root, Map<String, Node> rules, String prefix) {
    this.root = root;
    this.rules = rules;
    this.prefix = prefix;
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
        target =
            root.at(
                java.net.URLDecoder.decode(
                    pointer.substring(1), java.nio.charset.StandardCharsets.UTF_8));
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

  private Node schema(JsonNode s, String at) {
    if (s.isBoolean()) return s.booleanValue() ? Json.VALUE : new Node.Choice(List.of());
    if (!(s instanceof ObjectNode o))
      throw bad(at, "expected an object, true or false, found " + s);
    for (String word : UNSUPPORTED) {
      if (o.has(word)) throw bad(at + "/" + word, "is not supported");
    }
    if (o.has("$ref")) return reference(o, at);
    if (o.has("allOf")) return schema(merge(o, at), at);
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

  private static boolean asserts(String word) {
    return OBJECT_WORDS.contains(word)
        || ARRAY_WORDS.contains(word)
        || STRING_WORDS.contains(word)
        || NUMBER_WORDS.contains(word)
        || Set.of("type", "enum", "const", "anyOf", "oneOf", "allOf").contains(word);
  }

  private JsonNode resolve(JsonNode s) {
    JsonNode at = s;
    for (int i = 0;
        i < 32 && at.has("$ref") && at.get("$ref").stringValue("").startsWith("#");
        i++) {
      at = root.at(at.get("$ref").stringValue("").substring(1));
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
    boolean alone = rest.propertyNames().stream().noneMatch(JsonSchema::asserts);
    List<Node> options = new ArrayList<>();
    for (int i = 0; i < o.get(word).size(); i++) {
      String place = at + "/" + word + "/" + i;
      JsonNode option = o.get(word).get(i);
      options.add(
          alone ? schema(option, place) : schema(both(rest, resolve(option), place), place));
    }
    return new Node.Choice(options);
  }

  /** All of a list of schemas as one. */
  private ObjectNode merge(ObjectNode o, String at) {
    ObjectNode out = o.deepCopy();
    out.remove("allOf");
    for (int i = 0; i < o.get("allOf").size(); i++) {
      out = both(out, resolve(o.get("allOf").get(i)), at + "/allOf/" + i);
    }
    return out;
  }

  /** Two schemas as one, where their keywords do not meet or say the same. */
  private static ObjectNode both(ObjectNode a, JsonNode b, String at) {
    if (!(b instanceof ObjectNode more)) throw bad(at, "expected an object");
    ObjectNode out = a.deepCopy();
    for (String word : more.propertyNames()) {
      JsonNode mine = out.get(word);
      JsonNode other = more.get(word);
      if (mine == null || !asserts(word) || mine.equals(other)) {
        out.set(word, other);
      } else if (word.equals("required")) {
        ((tools.jackson.databind.node.ArrayNode) mine)
            .addAll((tools.jackson.databind.node.ArrayNode) other);
      } else if (word.equals("properties")) {
        for (String name : other.propertyNames()) {
          if (mine.has(name) && !mine.get(name).equals(other.get(name))) {
            throw bad(
                at + "/properties/" + name, "is described twice in ways that cannot be joined");
          }
          ((ObjectNode) mine).set(name, other.get(name));
        }
      } else {
        throw bad(at + "/" + word, "cannot be joined with the same keyword beside it");
      }
    }
    return out;
  }

  private static List<String> types(ObjectNode o, String at) {
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

  private Node typed(String type, ObjectNode o, String at) {
    return switch (type) {
      case "any" -> Json.VALUE;
      case "null" -> text("null");
      case "boolean" -> Json.BOOLEAN;
      case "integer" -> number(o, true, at);
      case "number" -> number(o, false, at);
      case "string" -> string(o, at);
      case "array" -> array(o, at);
      case "object" -> object(o, at);
      default -> throw bad(at + "/type", "\"" + type + "\" is not a type");
    };
  }

  private static Node constant(JsonNode value) {
    return text(value.toString());
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

  private static boolean isOf(JsonNode v, String type) {
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

  private static Node number(ObjectNode o, boolean integer, String at) {
    Optional<NumberRange.Bound> low =
        tighter(bound(o, "minimum", false, at), bound(o, "exclusiveMinimum", true, at), 1);
    Optional<NumberRange.Bound> high =
        tighter(bound(o, "maximum", false, at), bound(o, "exclusiveMaximum", true, at), -1);
    if (low.isEmpty() && high.isEmpty()) return integer ? Json.INTEGER : Json.NUMBER;
    if (low.isPresent()
        && high.isPresent()
        && low.get().value().compareTo(high.get().value()) > 0) {
      throw bad(
          at, "no number is at least " + low.get().value() + " and at most " + high.get().value());
    }
    return NumberRange.between(low, high, integer);
  }

  private static Optional<NumberRange.Bound> bound(
      ObjectNode o, String word, boolean open, String at) {
    JsonNode n = o.get(word);
    if (n == null) return Optional.empty();
    if (!n.isNumber()) throw bad(at + "/" + word, "expected a number, found " + n);
    BigDecimal value = n.decimalValue();
    if (value.precision() - value.scale() > 16 || value.scale() > 16) {
      throw bad(at + "/" + word, "has more than sixteen digits before or after the point");
    }
    return Optional.of(new NumberRange.Bound(value, open));
  }

  private static Optional<NumberRange.Bound> tighter(
      Optional<NumberRange.Bound> a, Optional<NumberRange.Bound> b, int sign) {
    if (a.isEmpty()) return b;
    if (b.isEmpty()) return a;
    int order = a.get().value().compareTo(b.get().value()) * sign;
    return order > 0 ? a : b;
  }

  private static Node string(ObjectNode o, String at) {
    int min = count(o, "minLength", 0, at);
    int max = count(o, "maxLength", -1, at);
    if (max >= 0 && max < min) throw bad(at + "/maxLength", "is below \"minLength\"");
    boolean sized = o.has("minLength") || o.has("maxLength");
    if (o.has("pattern")) {
      if (sized)
        throw bad(
            at + "/pattern", "beside a length is not supported; say the length in the pattern");
      return Json.string(regex(o.get("pattern"), at + "/pattern"));
    }
    if (o.has("format")) {
      String name = o.get("format").stringValue("");
      Optional<String> pattern = Formats.pattern(name);
      if (pattern.isPresent()) {
        if (sized) throw bad(at + "/format", "beside a length is not supported");
        return Json.string(RegexParser.whole(pattern.get()));
      }
    }
    return Json.string(min, max);
  }

  private static Node regex(JsonNode pattern, String at) {
    if (!pattern.isString()) throw bad(at, "expected a string");
    try {
      return RegexParser.search(pattern.stringValue());
    } catch (BadInput e) {
      throw new BadInput("schema: " + at + ": " + e.getMessage(), e);
    }
  }

  private Node array(ObjectNode o, String at) {
    if (o.path("uniqueItems").booleanValue(false))
      throw bad(at + "/uniqueItems", "is not supported");
    List<Node> prefix = new ArrayList<>();
    JsonNode first = o.path("prefixItems");
    for (int i = 0; i < first.size(); i++) {
      prefix.add(rule(first.get(i), at + "/prefixItems/" + i));
    }
    JsonNode items = o.get("items");
    boolean more = items == null || !items.isBoolean() || items.booleanValue();
    int min = count(o, "minItems", 0, at);
    int max = count(o, "maxItems", -1, at);
    if (max >= 0 && max < min) throw bad(at + "/maxItems", "is below \"minItems\"");
    if (!more && min > prefix.size())
      throw bad(at + "/minItems", "asks for more items than are allowed");
    Node item = items == null || !more ? Json.VALUE : rule(items, at + "/items");
    Node tail = more ? rest(item, prefix.size(), min, max) : Node.EMPTY;
    for (int i = prefix.size() - 1; i >= 0; i--) {
      Node one = sequence(comma(i), prefix.get(i), Json.SPACE, tail);
      tail = i >= max && max >= 0 ? Node.EMPTY : i < min ? one : optional(one);
    }
    return sequence(text("["), Json.SPACE, tail, text("]"));
  }

  /** Items beyond {@code before} others. */
  private static Node rest(Node item, int before, int min, int max) {
    int least = Math.max(0, min - before);
    int most = max < 0 ? -1 : Math.max(0, max - before);
    Node following = sequence(text(","), Json.SPACE, item, Json.SPACE);
    if (before > 0) return new Node.Repeat(following, least, most);
    if (most == 0) return Node.EMPTY;
    Node some =
        sequence(
            item,
            Json.SPACE,
            new Node.Repeat(following, Math.max(0, least - 1), most < 0 ? -1 : most - 1));
    return least == 0 ? optional(some) : some;
  }

  private static Node comma(int index) {
    return index == 0 ? Node.EMPTY : sequence(text(","), Json.SPACE);
  }

  private Node object(ObjectNode o, String at) {
    Map<String, Node> members = new LinkedHashMap<>();
    JsonNode properties = o.path("properties");
    if (!properties.isMissingNode() && !properties.isObject()) {
      throw bad(at + "/properties", "expected an object");
    }
    for (String name : properties.propertyNames()) {
      members.put(name, rule(properties.get(name), at + "/properties/" + pointer(name)));
    }
    List<String> required = new ArrayList<>();
    for (JsonNode r : o.path("required")) required.add(r.stringValue(""));
    JsonNode additional = o.get("additionalProperties");
    boolean more =
        additional == null
            ? members.isEmpty()
            : !additional.isBoolean() || additional.booleanValue();
    Node other =
        additional == null || !more ? Json.VALUE : rule(additional, at + "/additionalProperties");
    for (String name : required) {
      if (members.containsKey(name)) continue;
      if (additional != null && !more) {
        throw bad(at + "/required", "asks for \"" + name + "\", which is not among the properties");
      }
      members.put(name, other);
    }
    List<String> names = List.copyOf(members.keySet());
    String object = prefix + "object " + at + " ";
    for (int i = names.size(); i >= 0; i--) {
      for (boolean first : new boolean[] {true, false}) {
        rules.put(
            object + i + first,
            i < names.size()
                ? member(names.get(i), members, required, first, object, i)
                : extra(first, more, Set.copyOf(names), other));
      }
    }
    return sequence(text("{"), Json.SPACE, new Node.Rule(object + 0 + true), text("}"));
  }

  private static Node member(
      String name,
      Map<String, Node> members,
      List<String> required,
      boolean first,
      String prefix,
      int i) {
    Node value = members.getOrDefault(name, Json.VALUE);
    Node here =
        sequence(
            first ? Node.EMPTY : sequence(text(","), Json.SPACE),
            text(tools.jackson.databind.node.StringNode.valueOf(name).toString()),
            Json.SPACE,
            text(":"),
            Json.SPACE,
            value,
            Json.SPACE,
            new Node.Rule(prefix + (i + 1) + false));
    return required.contains(name)
        ? here
        : Node.choice(here, new Node.Rule(prefix + (i + 1) + first));
  }

  /** Members beyond the listed ones, where they are allowed. */
  private static Node extra(boolean first, boolean more, Set<String> names, Node value) {
    if (!more) return Node.EMPTY;
    Node key = names.isEmpty() ? Json.string(0, -1) : Json.stringBut(names);
    Node one = sequence(key, Json.SPACE, text(":"), Json.SPACE, value, Json.SPACE);
    Node following = new Node.Repeat(sequence(text(","), Json.SPACE, one), 0, -1);
    return first ? optional(sequence(one, following)) : following;
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

  private static int count(ObjectNode o, String word, int missing, String at) {
    JsonNode n = o.get(word);
    if (n == null) return missing;
    if (!n.isNumber() || n.doubleValue() != Math.rint(n.doubleValue()) || n.doubleValue() < 0) {
      throw bad(at + "/" + word, "expected a whole number of at least 0, found " + n);
    }
    if (n.doubleValue() > 100_000) throw bad(at + "/" + word, "is above 100000");
    return (int) n.doubleValue();
  }

  private static String pointer(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }

  private static BadInput bad(String at, String what) {
    return new BadInput("schema: " + at + ": " + what);
  }
}
