package org.puna.model.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Walking through values as Python's {@code for} does. */
final class Iteration {
  private Iteration() {}

  /** Iterates over a value, or fails as {@code iter(v)} fails. */
  static Iterator<Value> over(Value v, Interpreter rt) {
    return over(v, rt, "'%s' object is not iterable");
  }

  /**
   * Iterates over a value.
   *
   * @param refusal the error for a value that is not iterable, with its class for {@code %s}
   */
  static Iterator<Value> over(Value v, Interpreter rt, String refusal) {
    return switch (v) {
      case Value.Str s -> characters(s.text(), rt);
      case Value.Seq s -> s.items().iterator();
      case Value.Dict d -> d.entries().keySet().iterator();
      case Value.View view -> view.elements().iterator();
      case Value.Iter i -> i.iterator();
      case Value.Undefined _ -> Collections.emptyIterator();
      case Value.Range r -> range(r);
      case Loop loop -> loop.remaining();
      case Value.None _,
          Value.Bool _,
          Value.Int _,
          Value.Real _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          throw new TemplateError(refusal.formatted(Value.typeName(v)));
    };
  }

  private static Iterator<Value> range(Value.Range r) {
    long n = r.length();
    return new Iterator<>() {
      private long i;

      @Override
      public boolean hasNext() {
        return i < n;
      }

      @Override
      public Value next() {
        if (i >= n) throw new NoSuchElementException();
        return Value.of(r.start() + r.step() * i++);
      }
    };
  }

  private static Iterator<Value> characters(String s, Interpreter rt) {
    return new Iterator<>() {
      private int i;

      @Override
      public boolean hasNext() {
        return i < s.length();
      }

      @Override
      public Value next() {
        if (i >= s.length()) throw new NoSuchElementException();
        rt.limits().objects(1);
        int end = i + Character.charCount(s.codePointAt(i));
        Value c = Value.of(s.substring(i, end));
        i = end;
        return c;
      }
    };
  }

  /** Collects a value's elements, or fails as {@code list(v)} fails. */
  static List<Value> list(Value v, Interpreter rt) {
    if (v instanceof Value.Seq s) return s.items();
    List<Value> out = new ArrayList<>();
    for (Iterator<Value> it = over(v, rt); it.hasNext(); ) {
      rt.limits().step();
      rt.limits().element(out.size());
      out.add(it.next());
    }
    return out;
  }

  /** Elements turned into others when they are asked for. */
  static Iterator<Value> map(Iterator<Value> in, Interpreter rt, Function<Value, Value> f) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return in.hasNext();
      }

      @Override
      public Value next() {
        rt.limits().step();
        return f.apply(in.next());
      }
    };
  }

  /** Those elements that a condition holds for, looked for when they are asked for. */
  static Iterator<Value> filter(Iterator<Value> in, Interpreter rt, Predicate<Value> keep) {
    return new Iterator<>() {
      private @Nullable Value next;

      @Override
      public boolean hasNext() {
        while (next == null && in.hasNext()) {
          rt.limits().step();
          Value candidate = in.next();
          if (keep.test(candidate)) next = candidate;
        }
        return next != null;
      }

      @Override
      public Value next() {
        if (!hasNext() || next == null) throw new NoSuchElementException();
        Value v = next;
        next = null;
        return v;
      }
    };
  }

  /** An iterator that is made when it is first used. */
  static Iterator<Value> lazy(Supplier<Iterator<Value>> source) {
    return new Iterator<>() {
      private @Nullable Iterator<Value> made;

      private Iterator<Value> made() {
        Iterator<Value> it = made;
        if (it == null) {
          it = source.get();
          made = it;
        }
        return it;
      }

      @Override
      public boolean hasNext() {
        return made().hasNext();
      }

      @Override
      public Value next() {
        return made().next();
      }
    };
  }

  /** Number of elements, or fails as {@code len(v)} fails. */
  static int length(Value v) {
    return switch (v) {
      case Value.Str s -> Text.length(s.text());
      case Value.Seq s -> s.items().size();
      case Value.Dict d -> d.entries().size();
      case Value.View view -> view.elements().size();
      case Value.Range r -> (int) r.length();
      case Value.Undefined _ -> 0;
      case Loop loop -> loop.length();
      case Value.None _,
          Value.Bool _,
          Value.Int _,
          Value.Real _,
          Value.Iter _,
          Value.Func _,
          Value.Namespace _,
          Value.Special _ ->
          throw new TemplateError("object of type '" + Value.typeName(v) + "' has no len()");
    };
  }
}
