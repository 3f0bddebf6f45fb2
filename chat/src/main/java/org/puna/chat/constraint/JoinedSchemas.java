package org.puna.chat.constraint;

import static org.puna.chat.constraint.SchemaWords.asserts;
import static org.puna.chat.constraint.SchemaWords.bad;

import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Schemas that hold together, written as one schema. */
final class JoinedSchemas {
  private JoinedSchemas() {}

  /**
   * Returns all of an {@code allOf} and what stands beside it as one.
   *
   * @param resolve follows references
   * @throws org.puna.model.config.BadInput if two of them say the same keyword differently
   */
  static ObjectNode allOf(ObjectNode o, UnaryOperator<JsonNode> resolve, String at) {
    if (!o.get("allOf").isArray()) throw bad(at + "/allOf", "expected a list of schemas");
    ObjectNode out = o.deepCopy();
    out.remove("allOf");
    for (int i = 0; i < o.get("allOf").size(); i++) {
      out = both(out, resolve.apply(o.get("allOf").get(i)), at + "/allOf/" + i);
    }
    return out;
  }

  /**
   * Returns two schemas as one, where their keywords do not meet or say the same.
   *
   * @throws org.puna.model.config.BadInput if they say the same keyword differently
   */
  static ObjectNode both(ObjectNode a, JsonNode b, String at) {
    if (!(b instanceof ObjectNode more)) throw bad(at, "expected an object");
    ObjectNode out = a.deepCopy();
    for (String word : more.propertyNames()) {
      JsonNode mine = out.get(word);
      JsonNode other = more.get(word);
      if (mine == null || !asserts(word) || mine.equals(other)) {
        out.set(word, other);
      } else if (word.equals("required")
          && mine instanceof ArrayNode names
          && other instanceof ArrayNode further) {
        names.addAll(further);
      } else if (word.equals("properties")
          && mine instanceof ObjectNode properties
          && other instanceof ObjectNode further) {
        for (String name : further.propertyNames()) {
          if (properties.has(name) && !properties.get(name).equals(further.get(name))) {
            throw bad(
                at + "/properties/" + name, "is described twice in ways that cannot be joined");
          }
          properties.set(name, further.get(name));
        }
      } else {
        throw bad(at + "/" + word, "cannot be joined with the same keyword beside it");
      }
    }
    return out;
  }
}
