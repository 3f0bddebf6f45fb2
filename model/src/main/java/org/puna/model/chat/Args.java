package org.puna.model.chat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call.
 *
 * @param positional those without a name
 * @param named those with one, in order
 */
record Args(List<Value> positional, Map<String, Value> named) {
  static final Args NONE = new Args(List.of(), Map.of());

  static Args of(Value... positional) {
    return new Args(List.of(positional), Map.of());
  }

  /** The arguments from position {@code n} on. */
  Args from(int n) {
    return new Args(positional.subList(n, positional.size()), named);
  }

  /**
   * Matches the arguments to a builtin's parameters.
   *
   * @param function name for messages
   * @param required how many of the first parameters must be given
   * @param parameters their names in order
   */
  Bound bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new TemplateError(
          function
              + "() takes at most "
              + parameters.length
              + " argument"
              + (parameters.length == 1 ? "" : "s")
              + " ("
              + positional.size()
              + " given)");
    }
    @Nullable Value[] values = new @Nullable Value[parameters.length];
    for (int i = 0; i < positional.size(); i++) values[i] = positional.get(i);
    Map<String, Integer> slots = new HashMap<>();
    for (int i = 0; i < parameters.length; i++) slots.put(parameters[i], i);
    named.forEach((name, value) -> {
      Integer slot = slots.get(name);
      if (slot == null) {
        throw new TemplateError(function + "() got an unexpected keyword argument '" + name + "'");
      }
      if (values[slot] != null) {
        throw new TemplateError(function + "() got multiple values for argument '" + name + "'");
      }
      values[slot] = value;
    });
    for (int i = 0; i < required; i++) {
      if (values[i] == null) {
        throw new TemplateError(
            function + "() missing 1 required positional argument: '" + parameters[i] + "'");
      }
    }
    return new Bound(function, values);
  }

  /** Arguments in the order of a builtin's parameters. */
  static final class Bound {
    private final String function;
    private final @Nullable Value[] values;

    private Bound(String function, @Nullable Value[] values) {
      this.function = function;
      this.values = values;
    }

    boolean has(int i) {
      return values[i] != null;
    }

    /** Whether an argument was given and is not {@code None}. */
    boolean isSet(int i) {
      return values[i] != null && !(values[i] instanceof Value.None);
    }

    Value get(int i) {
      return get(i, Value.NONE);
    }

    Value get(int i, Value otherwise) {
      Value v = values[i];
      return v == null ? otherwise : v;
    }

    int index(int i, int otherwise) {
      Value v = values[i];
      return v == null ? otherwise : Numbers.index(v);
    }

    boolean truth(int i, boolean otherwise) {
      Value v = values[i];
      return v == null ? otherwise : Value.truth(v);
    }

    /** A string argument; anything else is refused as Python's string methods refuse it. */
    String text(int i, String otherwise) {
      Value v = values[i];
      if (v == null) return otherwise;
      if (v instanceof Value.Str s) return s.text();
      throw new TemplateError(
          function + "() argument " + (i + 1) + " must be str, not " + Value.typeName(v));
    }
  }
}
