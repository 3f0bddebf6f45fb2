package org.puna.chat.constraint;

import static org.puna.chat.constraint.Grammar.Node.optional;
import static org.puna.chat.constraint.Grammar.Node.sequence;
import static org.puna.chat.constraint.Grammar.Node.text;
import static org.puna.chat.constraint.SchemaWords.bad;
import static org.puna.chat.constraint.SchemaWords.count;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.puna.chat.constraint.Grammar.Node;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * The grammars of arrays and objects: what may follow what, and how many. Rules of an object say
 * which members are left, so that optional ones may be missing anywhere.
 *
 * @param rules where rules of objects go
 * @param prefix of the names of these rules
 * @param nested compiles the schemas of items and members
 */
record SchemaContainers(Map<String, Node> rules, String prefix, Nested nested) {

  /** Compiles a schema within another. */
  interface Nested {
    /** Returns the rule of a schema, which stands at a place. */
    Node rule(JsonNode schema, String at);
  }

  /** Returns the arrays whose items match. */
  Node array(ObjectNode o, String at) {
    if (o.path("uniqueItems").booleanValue(false))
      throw bad(at + "/uniqueItems", "is not supported");
    List<Node> prefix = new ArrayList<>();
    JsonNode first = o.path("prefixItems");
    for (int i = 0; i < first.size(); i++) {
      prefix.add(nested.rule(first.get(i), at + "/prefixItems/" + i));
    }
    JsonNode items = o.get("items");
    boolean more = items == null || !items.isBoolean() || items.booleanValue();
    int min = count(o, "minItems", 0, at);
    int max = count(o, "maxItems", -1, at);
    if (max >= 0 && max < min) throw bad(at + "/maxItems", "is below \"minItems\"");
    if (!more && min > prefix.size())
      throw bad(at + "/minItems", "asks for more items than are allowed");
    Node item = items == null || !more ? Json.VALUE : nested.rule(items, at + "/items");
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

  /** Returns the objects whose members match, in the order of the schema. */
  Node object(ObjectNode o, String at) {
    Map<String, Node> members = new LinkedHashMap<>();
    JsonNode properties = o.path("properties");
    if (!properties.isMissingNode() && !properties.isObject()) {
      throw bad(at + "/properties", "expected an object");
    }
    for (String name : properties.propertyNames()) {
      members.put(name, nested.rule(properties.get(name), at + "/properties/" + pointer(name)));
    }
    List<String> required = new ArrayList<>();
    for (JsonNode r : o.path("required")) required.add(r.stringValue(""));
    JsonNode additional = o.get("additionalProperties");
    boolean more =
        additional == null
            ? members.isEmpty()
            : !additional.isBoolean() || additional.booleanValue();
    Node other =
        additional == null || !more
            ? Json.VALUE
            : nested.rule(additional, at + "/additionalProperties");
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
            text(StringNode.valueOf(name).toString()),
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

  private static String pointer(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
