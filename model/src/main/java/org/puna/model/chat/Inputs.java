package org.puna.model.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/** Turns plain Java values into those that templates compute with. */
final class Inputs {
  private long size;

  /** Characters and elements converted so far. */
  long size() {
    return size;
  }

  Map<String, Value> convert(Map<String, ? extends @Nullable Object> variables) {
    Map<String, Value> out = new LinkedHashMap<>();
    variables.forEach((name, v) -> out.put(name, convert(v, 1)));
    return out;
  }

  private Value convert(@Nullable Object v, int level) {
    Limits.extent(0, level);
    size++;
    return switch (v) {
      case null -> Value.NONE;
      case Boolean b -> Value.of(b.booleanValue());
      case CharSequence s -> {
        size += s.length();
        yield Value.of(s.toString());
      }
      case BigInteger n -> new Value.Int(n);
      case Double x -> Value.of(x.doubleValue());
      case Float x -> Value.of(Double.parseDouble(x.toString()));
      case BigDecimal x -> Value.of(x.doubleValue());
      case Number n -> Value.of(n.longValue());
      case Map<?, ?> m -> {
        Map<Value, Value> entries = Value.newEntries();
        for (Map.Entry<?, ?> e : m.entrySet()) {
          entries.put(
              Compare.hashable(convert(e.getKey(), level + 1)), convert(e.getValue(), level + 1));
        }
        yield new Value.Dict(entries);
      }
      case Iterable<?> items -> {
        List<Value> out = new ArrayList<>();
        for (Object item : items) out.add(convert(item, level + 1));
        yield Value.list(out);
      }
      default ->
          throw new BadInput(
              "chat template: a variable holds a "
                  + v.getClass().getName()
                  + "; pass maps, lists, texts, numbers, booleans and null");
    };
  }
}
