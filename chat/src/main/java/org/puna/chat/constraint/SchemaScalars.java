package org.puna.chat.constraint;

import static org.puna.chat.constraint.SchemaWords.bad;
import static org.puna.chat.constraint.SchemaWords.count;

import java.math.BigDecimal;
import java.util.Optional;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The grammars of the numbers and strings that a schema's keywords leave. */
final class SchemaScalars {
  private SchemaScalars() {}

  /** Returns the spellings of numbers between the bounds. */
  static Node number(ObjectNode o, boolean integer, String at) {
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

  /** Returns the strings of a length, a pattern or a format. */
  static Node string(ObjectNode o, String at) {
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
}
