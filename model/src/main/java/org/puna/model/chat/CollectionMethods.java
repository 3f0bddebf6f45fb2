package org.puna.model.chat;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of lists, tuples and mappings that leave the object as it is. */
final class CollectionMethods {
  /** Methods of lists that the immutable sandbox refuses. */
  static final Set<String> CHANGES_LIST =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  /** Methods of mappings that the immutable sandbox refuses. */
  static final Set<String> CHANGES_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");

  private CollectionMethods() {}

  static @Nullable Value find(Value.Seq s, String name) {
    return switch (name) {
      case "count" -> method(s, name, (rt, a) -> count(s, a.bind(name, 1, "value").get(0), rt));
      case "index" -> method(s, name, (rt, a) -> index(s, a, rt));
      case "copy" -> s.tuple() ? null : method(s, name, (_, a) -> none(a, name, s));
      default -> null;
    };
  }

  static @Nullable Value find(Value.Dict d, String name, Interpreter unused) {
    return switch (name) {
      case "get" -> method(d, name, (_, a) -> get(d, a));
      case "items" -> method(d, name, (_, a) -> none(a, name, items(d)));
      case "keys" ->
          method(
              d, name, (_, a) -> none(a, name, new Value.View("dict_keys", d.entries().keySet())));
      case "values" ->
          method(
              d,
              name,
              (_, a) -> none(a, name, new Value.View("dict_values", d.entries().values())));
      case "copy" -> method(d, name, (_, a) -> none(a, name, d));
      case "fromkeys" -> method(d, name, CollectionMethods::fromKeys);
      default -> null;
    };
  }

  private static Value method(Value self, String name, Value.Func.Body body) {
    return new Value.Func(
        "<built-in method " + name + " of " + Value.typeName(self) + " object>", body);
  }

  private static Value none(Args args, String name, Value result) {
    args.bind(name, 0);
    return result;
  }

  private static Value count(Value.Seq s, Value element, Interpreter rt) {
    rt.limits().walk(s);
    return Value.of(s.items().stream().filter(element::equals).count());
  }

  private static Value index(Value.Seq s, Args args, Interpreter rt) {
    Args.Bound b = args.bind("index", 1, "value", "start", "stop");
    rt.limits().walk(s);
    int size = s.items().size();
    int start = position(b.index(1, 0), size);
    int stop = Math.min(size, position(b.index(2, size), size));
    for (int i = start; i < stop; i++) {
      if (s.items().get(i).equals(b.get(0))) return Value.of(i);
    }
    throw new TemplateError(
        s.tuple()
            ? "tuple.index(x): x not in tuple"
            : Repr.repr(b.get(0), rt.limits()) + " is not in list");
  }

  private static int position(int i, int size) {
    return i < 0 ? Math.max(0, i + size) : i;
  }

  private static Value get(Value.Dict d, Args args) {
    Args.Bound b = args.bind("get", 1, "key", "default");
    Value found = d.entries().get(Compare.hashable(b.get(0)));
    return found == null ? b.get(1) : found;
  }

  private static Value fromKeys(Interpreter rt, Args args) {
    Args.Bound b = args.bind("fromkeys", 1, "iterable", "value");
    Map<Value, Value> entries = Value.newEntries();
    for (Value key : Iteration.list(b.get(0), rt)) entries.put(Compare.hashable(key), b.get(1));
    return new Value.Dict(entries);
  }

  /** The view of a mapping's pairs. */
  static Value.View items(Value.Dict d) {
    Collection<Value> pairs =
        new AbstractCollection<>() {
          @Override
          public Iterator<Value> iterator() {
            Iterator<Map.Entry<Value, Value>> entries = d.entries().entrySet().iterator();
            return new Iterator<>() {
              @Override
              public boolean hasNext() {
                return entries.hasNext();
              }

              @Override
              public Value next() {
                Map.Entry<Value, Value> e = entries.next();
                return Value.tuple(List.of(e.getKey(), e.getValue()));
              }
            };
          }

          @Override
          public int size() {
            return d.entries().size();
          }
        };
    return new Value.View("dict_items", pairs);
  }
}
