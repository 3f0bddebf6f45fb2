package org.puna.server.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One JSON object of a request, read field by field. An absent field and {@code null} are the same;
 * a wrong type or range is a 400 that names the field by its path.
 */
public final class Fields {
  private final JsonNode node;
  private final String path;

  private Fields(JsonNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /**
   * Returns the fields of a request's body.
   *
   * @throws ApiFailure if it is not an object
   */
  public static Fields of(JsonNode body) {
    if (!body.isObject()) {
      throw new ApiFailure(
          new ApiError.BadRequest(
              "The body: expected a JSON object, found " + kind(body), Optional.empty()));
    }
    return new Fields(body, "");
  }

  /** Returns the fields of an object inside a body. */
  private static Fields inside(JsonNode node, String path) {
    if (!node.isObject()) throw wrong(path, "an object", node);
    return new Fields(node, path);
  }

  private static ApiFailure wrong(String path, String expected, JsonNode found) {
    return ApiFailure.field(path, "expected " + expected + ", found " + kind(found));
  }

  private static String kind(JsonNode n) {
    return switch (n.getNodeType()) {
      case ARRAY -> "a list";
      case OBJECT -> "an object";
      case STRING -> "the text " + shortened(n.asString());
      case NUMBER -> "the number " + shortenedNumber(n.toString());
      case BOOLEAN -> n.toString();
      case NULL, MISSING -> "nothing";
      case BINARY, POJO -> "something else";
    };
  }

  private static String shortened(String s) {
    int most = 40;
    return '\'' + (s.length() <= most ? s : s.substring(0, most) + "…") + '\'';
  }

  private static String shortenedNumber(String s) {
    int most = 40;
    return s.length() <= most ? s : s.substring(0, most) + "… of " + s.length() + " characters";
  }

  /** Returns a number as the nearest double, infinity for one that is beyond all. */
  private static double value(JsonNode n) {
    // Jackson's own conversion throws for integers beyond the doubles.
    return n.numberValue().doubleValue();
  }

  /** Returns the path of a field. */
  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private @Nullable JsonNode find(String name) {
    JsonNode n = node.get(name);
    return n == null || n.isNull() ? null : n;
  }

  /** Whether a field is there and not null. */
  public boolean has(String name) {
    return find(name) != null;
  }

  /** Returns a field as it is. */
  public Optional<JsonNode> any(String name) {
    return Optional.ofNullable(find(name));
  }

  /** Returns the object itself. */
  public JsonNode node() {
    return node;
  }

  /** Returns a text. */
  public Optional<String> text(String name) {
    JsonNode n = find(name);
    if (n == null) return Optional.empty();
    if (!n.isString()) throw wrong(path(name), "a text", n);
    return Optional.of(n.asString());
  }

  /** Returns a text that must be there. */
  public String requiredText(String name) {
    return text(name).orElseThrow(() -> missing(name, "a text"));
  }

  private ApiFailure missing(String name, String expected) {
    return ApiFailure.field(path(name), "expected " + expected + ", found nothing");
  }

  /** Returns a truth value. */
  public Optional<Boolean> flag(String name) {
    JsonNode n = find(name);
    if (n == null) return Optional.empty();
    if (!n.isBoolean()) throw wrong(path(name), "true or false", n);
    return Optional.of(n.asBoolean());
  }

  /** Returns a number of a range. */
  public OptionalDouble number(String name, double low, double high) {
    JsonNode n = find(name);
    if (n == null) return OptionalDouble.empty();
    String expected = "a number from " + plain(low) + " to " + plain(high);
    if (!n.isNumber()) throw wrong(path(name), expected, n);
    double x = value(n);
    if (!(x >= low && x <= high)) throw wrong(path(name), expected, n);
    return OptionalDouble.of(x);
  }

  private static String plain(double x) {
    return x == Math.rint(x) && Math.abs(x) < 1e15 ? Long.toString((long) x) : Double.toString(x);
  }

  /** Returns a whole number of a range. */
  public OptionalInt integer(String name, int low, int high) {
    OptionalLong n = whole(name, low, high);
    return n.isPresent() ? OptionalInt.of((int) n.getAsLong()) : OptionalInt.empty();
  }

  /** Returns a whole number of a range. */
  public OptionalLong whole(String name, long low, long high) {
    JsonNode n = find(name);
    if (n == null) return OptionalLong.empty();
    boolean below = !n.isNumber() || !(value(n) > high);
    String expected =
        below && (high == Integer.MAX_VALUE || high == Long.MAX_VALUE)
            ? "a whole number, at least " + low
            : "a whole number from " + low + " to " + high;
    if (!n.isNumber() || value(n) != Math.rint(value(n)) || !n.canConvertToLong()) {
      throw wrong(path(name), expected, n);
    }
    // 5.0 is a whole number too, as in JSON Schema.
    long x = n.isIntegralNumber() ? n.asLong() : (long) value(n);
    if (x < low || x > high) throw wrong(path(name), expected, n);
    return OptionalLong.of(x);
  }

  /** Returns one of several words. */
  public Optional<String> oneOf(String name, List<String> words) {
    Optional<String> text = text(name);
    if (text.isPresent() && !words.contains(text.get())) {
      throw ApiFailure.field(
          path(name),
          "expected one of " + String.join(", ", words) + ", found " + shortened(text.get()));
    }
    return text;
  }

  /** Returns a list's members as they are; empty if there is none. */
  public List<JsonNode> list(String name) {
    JsonNode n = find(name);
    if (n == null) return List.of();
    if (!n.isArray()) throw wrong(path(name), "a list", n);
    List<JsonNode> out = new ArrayList<>();
    n.forEach(out::add);
    return out;
  }

  /** Returns a list of objects; empty if there is none. */
  public List<Fields> objects(String name) {
    List<JsonNode> nodes = list(name);
    List<Fields> out = new ArrayList<>(nodes.size());
    for (int i = 0; i < nodes.size(); i++) {
      out.add(inside(nodes.get(i), path(name) + "[" + i + "]"));
    }
    return out;
  }

  /** Returns a list of texts, or one text as a list of it. */
  public List<String> texts(String name) {
    JsonNode n = find(name);
    if (n == null) return List.of();
    if (n.isString()) return List.of(n.asString());
    if (!n.isArray()) throw wrong(path(name), "a text or a list of texts", n);
    List<String> out = new ArrayList<>();
    for (int i = 0; i < n.size(); i++) {
      JsonNode item = n.get(i);
      if (!item.isString()) throw wrong(path(name) + "[" + i + "]", "a text", item);
      out.add(item.asString());
    }
    return out;
  }

  /** Returns an object. */
  public Optional<Fields> object(String name) {
    JsonNode n = find(name);
    return n == null ? Optional.empty() : Optional.of(inside(n, path(name)));
  }

  /** Returns an object that must be there. */
  public Fields requiredObject(String name) {
    return object(name).orElseThrow(() -> missing(name, "an object"));
  }

  /** Returns a list that must be there and have members. */
  public List<Fields> requiredObjects(String name) {
    List<Fields> out = objects(name);
    if (out.isEmpty()) throw missing(name, "a list with at least one member");
    return out;
  }

  /** Returns the numbers of an object by their names; empty if there is none. */
  public Map<String, Double> numbers(String name, double low, double high) {
    Map<String, Double> out = new LinkedHashMap<>();
    Optional<Fields> fields = object(name);
    if (fields.isEmpty()) return out;
    Fields f = fields.get();
    for (String key : f.node.propertyNames()) {
      OptionalDouble x = f.number(key, low, high);
      if (x.isPresent()) out.put(key, x.getAsDouble());
    }
    return out;
  }

  /** Returns this object as plain Java, in its order. */
  public Map<String, @Nullable Object> toMap() {
    Object plain = plain(node);
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    if (plain instanceof Map<?, ?> m) m.forEach((k, v) -> out.put(String.valueOf(k), v));
    return out;
  }

  private static @Nullable Object plain(JsonNode n) {
    return switch (n.getNodeType()) {
      case OBJECT -> {
        Map<String, @Nullable Object> m = new LinkedHashMap<>();
        for (String key : n.propertyNames()) m.put(key, plain(n.get(key)));
        yield m;
      }
      case ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        for (JsonNode item : n) items.add(plain(item));
        yield items;
      }
      case STRING -> n.asString();
      case NUMBER -> n.numberValue();
      case BOOLEAN -> n.asBoolean();
      case NULL, MISSING, BINARY, POJO -> null;
    };
  }
}
