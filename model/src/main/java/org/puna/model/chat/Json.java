package org.puna.model.chat;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps}, which templates reach as {@code tojson}. */
final class Json {
  private final Output out;
  private final boolean ascii;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;

  private Json(
      Limits limits,
      boolean ascii,
      Optional<String> indent,
      Optional<List<String>> separators,
      boolean sortKeys) {
    this.out = new Output(limits);
    this.ascii = ascii;
    this.indent = indent.orElse(null);
    this.itemSeparator = separators.map(s -> s.get(0)).orElse(indent.isPresent() ? "," : ", ");
    this.keySeparator = separators.map(s -> s.get(1)).orElse(": ");
    this.sortKeys = sortKeys;
  }

  /**
   * Returns {@code v} as JSON.
   *
   * @param ascii whether characters outside ASCII are escaped
   * @param indent what each level of a laid-out text is indented by; empty for one line
   * @param separators those after items and after keys, where not the usual
   * @param sortKeys whether keys come in order
   */
  static String dumps(
      Value v,
      Limits limits,
      boolean ascii,
      Optional<String> indent,
      Optional<List<String>> separators,
      boolean sortKeys) {
    Json json = new Json(limits, ascii, indent, separators, sortKeys);
    json.write(v, 1);
    return json.out.text();
  }

  private void write(Value v, int level) {
    switch (v) {
      case Value.None _ -> out.append("null");
      case Value.Bool b -> out.append(b.on() ? "true" : "false");
      case Value.Int i -> out.append(i.value().toString());
      case Value.Real r -> out.append(real(r.value()));
      case Value.Str s -> out.append(quote(s.text()));
      case Value.Seq s -> list(s.items(), level);
      case Value.Dict d -> mapping(d.entries(), level);
      case Value.Range _,
          Value.View _,
          Value.Iter _,
          Value.Undefined _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          throw new TemplateError(
              "Object of type " + Value.typeName(v) + " is not JSON serializable");
    }
  }

  private void list(List<Value> items, int level) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    boolean first = true;
    for (Value item : items) {
      if (!first) out.append(itemSeparator);
      newline(level);
      write(item, level + 1);
      first = false;
    }
    newline(level - 1);
    out.append("]");
  }

  private void mapping(Map<Value, Value> entries, int level) {
    if (entries.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append("{");
    boolean first = true;
    List<Map.Entry<Value, Value>> list = List.copyOf(entries.entrySet());
    if (sortKeys) {
      list =
          list.stream()
              .sorted(Comparator.comparing(Map.Entry::getKey, (a, b) -> Compare.order(a, b, "<")))
              .toList();
    }
    for (Map.Entry<Value, Value> e : list) {
      if (!first) out.append(itemSeparator);
      newline(level);
      out.append(quote(key(e.getKey()))).append(keySeparator);
      write(e.getValue(), level + 1);
      first = false;
    }
    newline(level - 1);
    out.append("}");
  }

  private void newline(int level) {
    if (indent == null) return;
    out.append("\n");
    for (int i = 0; i < level; i++) out.append(indent);
  }

  private static String key(Value key) {
    return switch (key) {
      case Value.Str s -> s.text();
      case Value.None _ -> "null";
      case Value.Bool b -> b.on() ? "true" : "false";
      case Value.Int i -> i.value().toString();
      case Value.Real r -> real(r.value());
      default ->
          throw new TemplateError(
              "keys must be str, int, float, bool or None, not " + Value.typeName(key));
    };
  }

  private static String real(double x) {
    if (Double.isNaN(x)) return "NaN";
    if (Double.isInfinite(x)) return x > 0 ? "Infinity" : "-Infinity";
    return Repr.real(x);
  }

  private String quote(String s) {
    StringBuilder b = new StringBuilder(s.length() + 2).append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '"' -> b.append("\\\"");
        case '\\' -> b.append("\\\\");
        case '\n' -> b.append("\\n");
        case '\r' -> b.append("\\r");
        case '\t' -> b.append("\\t");
        case '\f' -> b.append("\\f");
        case '\b' -> b.append("\\b");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7e)) {
            b.append("\\u%04x".formatted((int) c));
          } else {
            b.append(c);
          }
        }
      }
    }
    return b.append('"').toString();
  }
}
