package org.puna.model.chat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The variables of one block, loop iteration or macro call, inside those of another. */
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Value> variables = new HashMap<>();

  /**
   * A scope.
   *
   * @param hidden names that start out undefined, whatever is outside
   */
  Scope(@Nullable Scope outer, List<String> hidden) {
    this.outer = outer;
    for (String name : hidden) variables.put(name, undefined(name));
  }

  Value get(String name) {
    for (Scope s = this; s != null; s = s.outer) {
      Value v = s.variables.get(name);
      if (v != null) return v;
    }
    return undefined(name);
  }

  void set(String name, Value v) {
    variables.put(name, v);
  }

  private static Value undefined(String name) {
    return new Value.Undefined("'" + name + "' is undefined");
  }
}
