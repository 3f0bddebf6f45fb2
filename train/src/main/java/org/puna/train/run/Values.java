package org.puna.train.run;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;

/** Makes values of a recipe out of what YAML says. */
final class Values {
  private Values() {}

  /**
   * Returns a value of a key's kind: a Long, Double, Boolean, String or list of texts.
   *
   * @param where names the key and where it is from, for errors
   * @throws BadInput if it is of another kind or not what the key takes
   */
  static Object of(String where, Keys.Key key, JsonNode v) {
    return switch (key.kind()) {
      case WHOLE -> {
        double d = number(where, v, "a whole number");
        if (d != Math.rint(d) || Math.abs(d) > 1L << 53) throw wrong(where, "a whole number", v);
        yield (long) ranged(where, key.range(), d, v);
      }
      case NUMBER -> ranged(where, key.range(), number(where, v, "a number"), v);
      case FLAG -> {
        if (!v.isBoolean()) throw wrong(where, "true or false", v);
        yield v.booleanValue();
      }
      case TEXT -> {
        if (!v.isValueNode()) throw wrong(where, "a text", v);
        yield chosen(where, key.choices(), v);
      }
      case TEXTS -> {
        if (v.isArray()) yield texts(v);
        if (!v.isValueNode()) throw wrong(where, "a list of texts", v);
        yield List.of(v.asString());
      }
      case NAMES -> {
        if (v.isArray()) yield texts(v);
        if (!v.isValueNode()) throw wrong(where, "a list of texts", v);
        List<String> names = divided(v.asString());
        if (names.isEmpty()) throw wrong(where, "a list of texts", v);
        yield names;
      }
    };
  }

  private static double ranged(String where, Keys.Range range, double d, JsonNode v) {
    if (!range.has(d)) throw wrong(where, range.text(), v);
    return d;
  }

  private static String chosen(String where, List<String> choices, JsonNode v) {
    if (choices.isEmpty()) return v.asString();
    String text = v.asString().toLowerCase(Locale.ROOT);
    if (choices.contains(text)) return text;
    int last = choices.size() - 1;
    throw wrong(where, String.join(", ", choices.subList(0, last)) + " or " + choices.get(last), v);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(t -> texts.add(t.asString()));
    return List.copyOf(texts);
  }

  /** Divides at commas, but for a file or folder that has one in its name. */
  private static List<String> divided(String text) {
    if (exists(text)) return List.of(text);
    return Stream.of(text.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  private static boolean exists(String path) {
    try {
      return !path.isEmpty() && Files.exists(Path.of(path));
    } catch (InvalidPathException _) {
      return false;
    }
  }

  private static double number(String where, JsonNode v, String expected) {
    if (v.isNumber() && Double.isFinite(v.doubleValue())) return v.doubleValue();
    try {
      // YAML takes 1e-3 for a text, since it asks for a point.
      double d = Double.parseDouble(v.asString(""));
      if (Double.isFinite(d)) return d;
    } catch (NumberFormatException _) {
      // Told below.
    }
    throw wrong(where, expected, v);
  }

  /** Returns a mistake in a value. */
  static BadInput wrong(String where, String expected, JsonNode found) {
    return new BadInput(where + ": expected " + expected + ", found " + found);
  }
}
