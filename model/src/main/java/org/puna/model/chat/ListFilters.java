package org.puna.model.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Filters on sequences and mappings. */
final class ListFilters {
  private ListFilters() {}

  static void register(Map<String, Filters.Filter> m) {
    m.put(
        "list",
        (rt, v, a) -> {
          a.bind("list", 0);
          return Value.list(Iteration.list(v, rt));
        });
    m.put(
        "first",
        (rt, v, _) -> {
          Iterator<Value> it = Iteration.over(v, rt);
          return it.hasNext()
              ? it.next()
              : new Value.Undefined("No first item, sequence was empty.");
        });
    m.put("last", (rt, v, _) -> last(rt, v));
    m.put("items", (rt, v, _) -> items(v));
    m.put("dictsort", ListFilters::dictSort);
    m.put("sort", ListFilters::sort);
    m.put("unique", ListFilters::unique);
    m.put("reverse", (rt, v, _) -> reverse(rt, v));
    m.put("min", (rt, v, a) -> extreme(rt, v, a, "min"));
    m.put("max", (rt, v, a) -> extreme(rt, v, a, "max"));
    m.put("sum", ListFilters::sum);
    m.put("map", ListFilters::map);
    m.put("select", (rt, v, a) -> select(rt, v, a, false, true));
    m.put("reject", (rt, v, a) -> select(rt, v, a, false, false));
    m.put("selectattr", (rt, v, a) -> select(rt, v, a, true, true));
    m.put("rejectattr", (rt, v, a) -> select(rt, v, a, true, false));
    m.put("groupby", ListFilters::groupBy);
    m.put("batch", ListFilters::batch);
    m.put("slice", ListFilters::slice);
  }

  private static Value iterator(String kind, Iterator<Value> it) {
    return new Value.Iter(kind, it);
  }

  /** A generator: what it walks through is looked at when its first element is asked for. */
  private static Value lazily(Supplier<Iterator<Value>> source) {
    return iterator("generator", Iteration.lazy(source));
  }

  private static Value last(Interpreter rt, Value v) {
    if (v instanceof Value.Iter || v instanceof Value.Special || !Tests.isIterable(v)) {
      throw new TemplateError("'" + Value.typeName(v) + "' object is not reversible");
    }
    List<Value> all = Iteration.list(v, rt);
    return all.isEmpty()
        ? new Value.Undefined("No last item, sequence was empty.")
        : all.get(all.size() - 1);
  }

  private static Value items(Value v) {
    Iterator<Value> it =
        switch (v) {
          case Value.Undefined _ -> Collections.emptyIterator();
          case Value.Dict d -> CollectionMethods.items(d).elements().iterator();
          default -> throw new TemplateError("Can only get item pairs from a mapping.");
        };
    return iterator("generator", it);
  }

  private static Value reverse(Interpreter rt, Value v) {
    if (v instanceof Value.Str s) {
      rt.limits().chars(s.text().length());
      return new Value.Str(new StringBuilder(s.text()).reverse().toString(), s.markup());
    }
    if (v instanceof Value.None || Numbers.isNumber(v)) {
      throw new TemplateError("argument must be iterable");
    }
    List<Value> all = new ArrayList<>(Iteration.list(v, rt));
    rt.limits().elements(all.size());
    Collections.reverse(all);
    return v instanceof Value.Iter
        ? Value.list(all)
        : iterator("list_reverseiterator", all.iterator());
  }

  /** Lower case for texts unless case matters. */
  private static Value folded(Value v, boolean caseSensitive, Interpreter rt) {
    if (caseSensitive || !(v instanceof Value.Str s)) return v;
    rt.limits().chars(s.text().length());
    return Value.of(Text.lower(s.text()));
  }

  private static Value sort(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean caseSensitive = b.truth(1, false);
    List<Function<Value, Value>> keys = new ArrayList<>();
    if (b.get(2) instanceof Value.Str s) {
      for (String part : Splits.by(s.text(), ",", Integer.MAX_VALUE, rt.limits())) {
        Filters.Getter g = new Filters.Getter(Value.of(part), null, rt);
        keys.add(x -> folded(g.get(x, rt), caseSensitive, rt));
      }
    } else {
      Filters.Getter g = new Filters.Getter(b.get(2), null, rt);
      keys.add(x -> folded(g.get(x, rt), caseSensitive, rt));
    }
    // As lists, since equal elements are then never ordered and so may be of any kind.
    Function<Value, Value> key = x -> Value.list(keys.stream().map(k -> k.apply(x)).toList());
    return Value.list(sorted(Iteration.list(v, rt), key, b.truth(0, false), rt));
  }

  /** Sorts stably; in reverse too equal elements keep their order. */
  private static List<Value> sorted(
      List<Value> items, Function<Value, Value> key, boolean reverse, Interpreter rt) {
    rt.limits().elements(3L * items.size());
    List<Value[]> pairs = new ArrayList<>();
    for (Value item : items) pairs.add(new Value[] {key.apply(item), item});
    Comparator<Value[]> order =
        (x, y) -> {
          rt.limits().step();
          return Compare.order(x[0], y[0], "<");
        };
    pairs.sort(reverse ? order.reversed() : order);
    List<Value> out = new ArrayList<>();
    for (Value[] pair : pairs) out.add(pair[1]);
    return out;
  }

  private static Value dictSort(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = b.text(1, "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateError("You can only sort by either \"key\" or \"value\"");
    }
    int position = by.equals("key") ? 0 : 1;
    boolean caseSensitive = b.truth(0, false);
    Operators.refuseUndefined(v);
    if (!(v instanceof Value.Dict d)) {
      throw new TemplateError("'" + Value.typeName(v) + "' object has no attribute 'items'");
    }
    List<Value> pairs = Iteration.list(CollectionMethods.items(d), rt);
    Function<Value, Value> key =
        p -> folded(((Value.Seq) p).items().get(position), caseSensitive, rt);
    return Value.list(sorted(pairs, key, b.truth(2, false), rt));
  }

  private static Value unique(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("unique", 0, "case_sensitive", "attribute");
    Filters.Getter getter = new Filters.Getter(b.get(1), null, rt);
    boolean caseSensitive = b.truth(0, false);
    Set<Value> seen = new HashSet<>();
    Predicate<Value> isNew =
        x -> {
          rt.limits().objects(1);
          return seen.add(Compare.hashable(folded(getter.get(x, rt), caseSensitive, rt)));
        };
    return lazily(() -> Iteration.filter(Iteration.over(v, rt), rt, isNew));
  }

  private static Value extreme(Interpreter rt, Value v, Args args, String which) {
    Args.Bound b = args.bind(which, 0, "case_sensitive", "attribute");
    Filters.Getter getter = new Filters.Getter(b.get(1), null, rt);
    boolean caseSensitive = b.truth(0, false);
    String operator = which.equals("min") ? "<" : ">";
    Value best = null;
    Value bestKey = Value.NONE;
    for (Iterator<Value> it = Iteration.over(v, rt); it.hasNext(); ) {
      rt.limits().step();
      Value item = it.next();
      Value key = folded(getter.get(item, rt), caseSensitive, rt);
      if (best == null || Compare.holds(operator, key, bestKey, rt)) {
        best = item;
        bestKey = key;
      }
    }
    return best == null ? new Value.Undefined("No aggregated item, sequence was empty.") : best;
  }

  private static Value sum(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("sum", 0, "attribute", "start");
    Filters.Getter getter = new Filters.Getter(b.get(0), null, rt);
    Value total = b.get(1, Value.of(0));
    if (total instanceof Value.Str) {
      throw new TemplateError("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Iterator<Value> it = Iteration.over(v, rt); it.hasNext(); ) {
      rt.limits().step();
      total = Operators.binary("+", total, getter.get(it.next(), rt), rt);
    }
    return total;
  }

  private static Value map(Interpreter rt, Value v, Args args) {
    Function<Value, Value> f;
    if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
      Args.Bound b = args.bind("map", 0, "attribute", "default");
      Value otherwise = b.has(1) ? b.get(1) : null;
      f = new Mapped(new Filters.Getter(b.get(0), otherwise, rt), rt);
    } else {
      if (args.positional().isEmpty()) {
        throw new TemplateError("map requires a filter argument");
      }
      String name = Repr.str(args.positional().get(0), rt.limits());
      if (!Filters.exists(name))
        throw new TemplateError("No filter named " + Repr.quote(name) + ".");
      Args rest = args.from(1);
      f = x -> Filters.apply(rt, name, x, rest);
    }
    if (!Value.truth(v)) return iterator("generator", Collections.emptyIterator());
    return lazily(() -> Iteration.map(Iteration.over(v, rt), rt, f));
  }

  /** Attributes of items. */
  private record Mapped(Filters.Getter getter, Interpreter rt) implements Function<Value, Value> {
    @Override
    public Value apply(Value item) {
      return getter.get(item, rt);
    }
  }

  private static Value select(
      Interpreter rt, Value v, Args args, boolean byAttribute, boolean keep) {
    Filters.@Nullable Getter getter = null;
    Args rest = args;
    if (byAttribute) {
      if (args.positional().isEmpty())
        throw new TemplateError("Missing parameter for attribute name");
      getter = new Filters.Getter(args.positional().get(0), null, rt);
      rest = args.from(1);
    }
    Predicate<Value> test = test(rt, rest);
    Filters.Getter part = getter;
    Predicate<Value> wanted = x -> test.test(part == null ? x : part.get(x, rt)) == keep;
    if (!Value.truth(v)) return iterator("generator", Collections.emptyIterator());
    return lazily(() -> Iteration.filter(Iteration.over(v, rt), rt, wanted));
  }

  private static Predicate<Value> test(Interpreter rt, Args args) {
    if (args.positional().isEmpty()) return Value::truth;
    String name = Repr.str(args.positional().get(0), rt.limits());
    if (!Tests.exists(name)) throw new TemplateError("No test named " + Repr.quote(name) + ".");
    Args rest = args.from(1);
    return x -> Tests.holds(rt, name, x, rest);
  }

  private static Value groupBy(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
    Filters.Getter getter = new Filters.Getter(b.get(0), b.has(1) ? b.get(1) : null, rt);
    boolean caseSensitive = b.truth(2, false);
    Function<Value, Value> key = x -> folded(getter.get(x, rt), caseSensitive, rt);
    Map<Value, List<Value>> groups = new LinkedHashMap<>();
    for (Value item : sorted(Iteration.list(v, rt), key, false, rt)) {
      groups.computeIfAbsent(key.apply(item), _ -> new ArrayList<>()).add(item);
    }
    List<Value> out = new ArrayList<>();
    groups.forEach((k, items) -> {
      Value shown = caseSensitive ? k : getter.get(items.get(0), rt);
      out.add(new Value.Seq(List.of(shown, Value.list(items)), true, List.of("grouper", "list")));
    });
    return Value.list(out);
  }

  private static Value batch(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("batch", 1, "linecount", "fill_with");
    int size = b.index(0, 1);
    List<Value> out = new ArrayList<>();
    List<Value> row = new ArrayList<>();
    for (Value item : Iteration.list(v, rt)) {
      if (row.size() == size) {
        out.add(Value.list(row));
        row = new ArrayList<>();
      }
      row.add(item);
    }
    if (!row.isEmpty()) {
      if (b.isSet(1) && row.size() < size) {
        rt.limits().elements(size);
        while (row.size() < size) row.add(b.get(1));
      }
      out.add(Value.list(row));
    }
    return iterator("generator", out.iterator());
  }

  private static Value slice(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("slice", 1, "slices", "fill_with");
    int slices = b.index(0, 1);
    List<Value> items = Iteration.list(v, rt);
    if (slices == 0) throw new TemplateError("integer division or modulo by zero");
    rt.limits().objects(Math.max(0, slices));
    int each = Math.floorDiv(items.size(), slices);
    int longer = Math.floorMod(items.size(), slices);
    List<Value> out = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < slices; i++) {
      int to = from + each + (i < longer ? 1 : 0);
      List<Value> part = new ArrayList<>(items.subList(from, to));
      if (b.isSet(1) && i >= longer) part.add(b.get(1));
      out.add(Value.list(part));
      from = to;
    }
    return iterator("generator", out.iterator());
  }
}
