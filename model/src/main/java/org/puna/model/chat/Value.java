package org.puna.model.chat;

import java.math.BigInteger;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that a template computes with, behaving as the Python object of its kind. {@code equals}
 * is Python's {@code ==}, so that 1, 1.0 and True are one key of a mapping.
 */
sealed interface Value {
  Value NONE = new None();
  Value TRUE = new Bool(true);
  Value FALSE = new Bool(false);

  /** Python's {@code None}. */
  record None() implements Value {}

  /** A truth value. */
  record Bool(boolean on) implements Value {
    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Compare.hash(this);
    }
  }

  /** An integer of any size. */
  record Int(BigInteger value) implements Value {
    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Compare.hash(this);
    }
  }

  /** A floating-point number. */
  record Real(double value) implements Value {
    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Compare.hash(this);
    }
  }

  /**
   * A string.
   *
   * @param text its characters
   * @param markup whether it was declared safe HTML, which makes {@code +} escape its neighbour
   */
  record Str(String text, boolean markup) implements Value {
    Str(String text) {
      this(text, false);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Str s && s.text.equals(text);
    }

    @Override
    public int hashCode() {
      return text.hashCode();
    }
  }

  /** A list or a tuple. Its size and nesting are bounded when it is made, so that walks end. */
  final class Seq implements Value {
    private final List<Value> items;
    private final boolean tuple;
    private final List<String> names;
    private final Extent extent;

    Seq(List<Value> items, boolean tuple) {
      this(items, tuple, List.of());
    }

    /**
     * A tuple whose elements are attributes too.
     *
     * @param names of the elements in order, or none
     */
    Seq(List<Value> items, boolean tuple, List<String> names) {
      this.items = items;
      this.tuple = tuple;
      this.names = names;
      Extent sum = Extent.EMPTY;
      for (Value item : items) sum = sum.with(item);
      this.extent = sum.nested();
    }

    List<Value> items() {
      return items;
    }

    boolean tuple() {
      return tuple;
    }

    List<String> names() {
      return names;
    }

    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Compare.hash(this);
    }
  }

  /** A mapping in the order of insertion. */
  final class Dict implements Value {
    private final Map<Value, Value> entries;
    private final Extent extent;

    Dict(Map<Value, Value> entries) {
      this.entries = entries;
      Extent sum = Extent.EMPTY;
      for (Map.Entry<Value, Value> e : entries.entrySet()) {
        sum = sum.with(e.getKey()).with(e.getValue());
      }
      this.extent = sum.nested();
    }

    Map<Value, Value> entries() {
      return entries;
    }

    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Compare.hash(this);
    }
  }

  /**
   * How large a value is.
   *
   * @param weight characters and elements in it at all levels, shared ones counted each time
   * @param depth levels of nesting
   */
  record Extent(long weight, int depth) {
    private static final Extent EMPTY = new Extent(0, 0);
    private static final Extent ONE = new Extent(1, 0);

    private Extent with(Value v) {
      Extent e = of(v);
      return new Extent(weight + e.weight + 1, Math.max(depth, e.depth));
    }

    private Extent nested() {
      Limits.extent(weight, depth + 1);
      return new Extent(weight, depth + 1);
    }

    static Extent of(Value v) {
      return switch (v) {
        case Str s -> new Extent(s.text().length(), 0);
        case Seq s -> s.extent;
        case Dict d -> d.extent;
        case View view -> new Extent(view.elements().size(), 1);
        case Range r -> new Extent(r.length(), 1);
        case None _, Bool _, Int _, Real _, Iter _, Undefined _, Func _, Namespace _, Special _ ->
            ONE;
      };
    }
  }

  /** The numbers that {@code range} counts, not stored. */
  record Range(long start, long stop, long step) implements Value {
    long length() {
      if (step > 0) return start >= stop ? 0 : (stop - start - 1) / step + 1;
      return start <= stop ? 0 : (start - stop - 1) / -step + 1;
    }

    @Override
    public boolean equals(Object other) {
      return Compare.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(length());
    }
  }

  /**
   * A live view of a mapping's keys, values or items.
   *
   * @param kind {@code dict_keys}, {@code dict_values} or {@code dict_items}
   * @param elements what it iterates over
   */
  record View(String kind, Collection<Value> elements) implements Value {}

  /** An iterator, which can be walked through once. */
  record Iter(String kind, Iterator<Value> iterator) implements Value {}

  /**
   * The value of a name, attribute or element that does not exist. It prints as nothing and
   * iterates over nothing; whatever else is tried with it fails with {@code reason}.
   */
  record Undefined(String reason) implements Value {
    @Override
    public boolean equals(Object other) {
      return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
      return 0;
    }
  }

  /**
   * A function, macro or bound method.
   *
   * @param type Python's name of its class
   */
  record Func(String type, String repr, Body body) implements Value {
    Func(String repr, Body body) {
      this("function", repr, body);
    }

    /** What a call does. */
    interface Body {
      Value call(Interpreter rt, Args args);
    }
  }

  /** What {@code namespace()} makes: the one thing whose attributes a template may set. */
  record Namespace(Map<String, Value> attributes) implements Value {
    @Override
    public boolean equals(Object other) {
      return other == this;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  /** An object of the interpreter with methods: {@code loop}, {@code cycler}, {@code joiner}. */
  non-sealed interface Special extends Value {
    /** Python's name of its class. */
    String typeName();

    String repr();

    /** Returns an attribute, or an undefined value. */
    Value attribute(String name);

    /** What a call of the object itself does. */
    default Value call(Interpreter rt, Args args) {
      throw new TemplateError("'" + typeName() + "' object is not callable");
    }
  }

  static Value of(boolean on) {
    return on ? TRUE : FALSE;
  }

  static Value of(long n) {
    return new Int(BigInteger.valueOf(n));
  }

  static Value of(double x) {
    return new Real(x);
  }

  static Value of(String s) {
    return new Str(s);
  }

  static Value list(List<Value> items) {
    return new Seq(items, false);
  }

  static Value tuple(List<Value> items) {
    return new Seq(items, true);
  }

  static Value tuple(Value... items) {
    return new Seq(List.of(items), true);
  }

  static Map<Value, Value> newEntries() {
    return new LinkedHashMap<>();
  }

  /** Python's name of a value's class. */
  static String typeName(Value v) {
    return switch (v) {
      case None _ -> "NoneType";
      case Bool _ -> "bool";
      case Int _ -> "int";
      case Real _ -> "float";
      case Str s -> s.markup() ? "Markup" : "str";
      case Seq s -> s.tuple() ? "tuple" : "list";
      case Dict _ -> "dict";
      case Range _ -> "range";
      case View view -> view.kind();
      case Iter i -> i.kind();
      case Undefined _ -> "Undefined";
      case Func f -> f.type();
      case Namespace _ -> "Namespace";
      case Special s -> s.typeName();
    };
  }

  /** Python's truth value. */
  static boolean truth(Value v) {
    return switch (v) {
      case None _, Undefined _ -> false;
      case Bool b -> b.on();
      case Int i -> i.value().signum() != 0;
      case Real r -> r.value() != 0;
      case Str s -> !s.text().isEmpty();
      case Seq s -> !s.items().isEmpty();
      case Dict d -> !d.entries().isEmpty();
      case Range r -> r.length() > 0;
      case View view -> !view.elements().isEmpty();
      case Iter _, Func _, Namespace _, Special _ -> true;
    };
  }
}
