package org.puna.model.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code loop} is inside a {@code for}: where the loop stands. */
final class Loop implements Value.Special {
  private Iterator<Value> items;
  private Optional<Integer> length;
  private final int depth;
  private final Optional<Value.Func.Body> recursion;
  private final Interpreter rt;
  private int index = -1;
  private @Nullable Value before;
  private @Nullable Value current;
  private @Nullable Value after;
  private @Nullable Value lastChanged;

  /**
   * A loop before its first iteration.
   *
   * @param length number of items where it is known without walking through them
   * @param depth how many recursive loops are around it
   * @param recursion what calling {@code loop} does in a recursive loop
   */
  Loop(
      Iterator<Value> items,
      Optional<Integer> length,
      int depth,
      Optional<Value.Func.Body> recursion,
      Interpreter rt) {
    this.items = items;
    this.length = length;
    this.depth = depth;
    this.recursion = recursion;
    this.rt = rt;
  }

  boolean hasNext() {
    return after != null || items.hasNext();
  }

  /** Goes on to the next item. */
  Value next() {
    if (!hasNext()) throw new NoSuchElementException();
    Value v = after != null ? after : items.next();
    after = null;
    index++;
    before = current;
    current = v;
    return v;
  }

  /** What a template that iterates over {@code loop} itself walks through. */
  Iterator<Value> remaining() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return Loop.this.hasNext();
      }

      @Override
      public Value next() {
        return Value.tuple(List.of(Loop.this.next(), Loop.this));
      }
    };
  }

  private @Nullable Value peek() {
    if (after == null && items.hasNext()) after = items.next();
    return after;
  }

  int length() {
    if (length.isEmpty()) {
      List<Value> rest = new ArrayList<>();
      while (items.hasNext()) {
        rt.limits().element(rest.size());
        rest.add(items.next());
      }
      items = rest.iterator();
      length = Optional.of(rest.size() + index + 1 + (after == null ? 0 : 1));
    }
    return length.get();
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public String repr() {
    return "<LoopContext " + (index + 1) + "/" + length() + ">";
  }

  @Override
  public Value attribute(String name) {
    return switch (name) {
      case "index" -> Value.of(index + 1);
      case "index0" -> Value.of(index);
      case "revindex" -> Value.of(length() - index);
      case "revindex0" -> Value.of(length() - index - 1);
      case "first" -> Value.of(index == 0);
      case "last" -> Value.of(peek() == null);
      case "length" -> Value.of(length());
      case "depth" -> Value.of(depth + 1);
      case "depth0" -> Value.of(depth);
      case "previtem" -> orUndefined(index == 0 ? null : before, "there is no previous item");
      case "nextitem" -> orUndefined(peek(), "there is no next item");
      case "cycle" -> new Value.Func("<bound method LoopContext.cycle>", (_, a) -> cycle(a));
      case "changed" -> new Value.Func("<bound method LoopContext.changed>", (_, a) -> changed(a));
      default -> new Value.Undefined("no attribute");
    };
  }

  private static Value orUndefined(@Nullable Value v, String reason) {
    return v == null ? new Value.Undefined(reason) : v;
  }

  private Value cycle(Args args) {
    if (args.positional().isEmpty()) throw new TemplateError("no items for cycling given");
    return args.positional().get(index % args.positional().size());
  }

  private Value changed(Args args) {
    Value v = Value.tuple(List.copyOf(args.positional()));
    boolean changed = !v.equals(lastChanged);
    lastChanged = v;
    return Value.of(changed);
  }

  @Override
  public Value call(Interpreter runtime, Args args) {
    if (recursion.isEmpty()) {
      throw new TemplateError(
          "The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.get().call(runtime, args);
  }
}
