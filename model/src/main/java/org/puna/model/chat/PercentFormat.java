package org.puna.model.chat;

import java.util.List;
import java.util.Map;

/** Python's {@code format % arguments}. */
final class PercentFormat {
  private final String format;
  private final Value arguments;
  private final Interpreter rt;
  private final Output out;
  private int pos;
  private int used;

  private PercentFormat(String format, Value arguments, Interpreter rt) {
    this.format = format;
    this.arguments = arguments;
    this.rt = rt;
    this.out = new Output(rt.limits());
  }

  static String format(String format, Value arguments, Interpreter rt) {
    PercentFormat f = new PercentFormat(format, arguments, rt);
    f.run();
    return f.out.text();
  }

  private void run() {
    boolean named = false;
    while (pos < format.length()) {
      int percent = format.indexOf('%', pos);
      if (percent < 0) percent = format.length();
      out.append(format.substring(pos, percent));
      pos = percent + 1;
      if (percent >= format.length()) break;
      named |= directive();
    }
    if (!named && used < given() && !(arguments instanceof Value.Dict) && !isSequence()) {
      throw new TemplateError("not all arguments converted during string formatting");
    }
  }

  /** Values that Python takes for mappings here, so that unused ones are no error. */
  private boolean isSequence() {
    return (arguments instanceof Value.Seq s && !s.tuple()) || arguments instanceof Value.Undefined;
  }

  private int given() {
    return arguments instanceof Value.Seq s && s.tuple() ? s.items().size() : 1;
  }

  private Value next() {
    if (arguments instanceof Value.Seq s && s.tuple()) {
      if (used < s.items().size()) return s.items().get(used++);
    } else if (used == 0) {
      used++;
      return arguments;
    }
    throw new TemplateError("not enough arguments for format string");
  }

  /** Formats one directive; returns whether it named its argument. */
  private boolean directive() {
    Value value = null;
    if (peek() == '(') {
      int close = format.indexOf(')', pos);
      if (close < 0) throw new TemplateError("incomplete format key");
      String key = format.substring(pos + 1, close);
      pos = close + 1;
      value = lookup(key);
    }
    StringBuilder flags = new StringBuilder();
    while ("-+ #0".indexOf(peek()) >= 0) flags.append(format.charAt(pos++));
    int width = number();
    boolean left = flags.indexOf("-") >= 0 || width < 0;
    int precision = -1;
    if (peek() == '.') {
      pos++;
      precision = Math.max(0, number());
    }
    while ("hlL".indexOf(peek()) >= 0) pos++;
    char type = peek();
    pos++;
    if (type == '%') {
      out.append("%");
      return value != null;
    }
    boolean named = value != null;
    if (value == null) value = next();
    FormatSpec spec =
        new FormatSpec(
            ' ',
            left ? '<' : '>',
            flags.indexOf("+") >= 0 ? '+' : flags.indexOf(" ") >= 0 ? ' ' : '-',
            flags.indexOf("#") >= 0,
            flags.indexOf("0") >= 0 && !left,
            Math.abs(width),
            (char) 0,
            precision,
            type);
    out.append(convert(type, value, spec));
    return named;
  }

  private Value lookup(String key) {
    if (!(arguments instanceof Value.Dict d)) throw new TemplateError("format requires a mapping");
    Map<Value, Value> entries = d.entries();
    Value v = entries.get(Value.of(key));
    if (v == null) throw new TemplateError(Repr.quote(key));
    return v;
  }

  private char peek() {
    if (pos >= format.length()) throw new TemplateError("incomplete format");
    return format.charAt(pos);
  }

  private int number() {
    if (peek() == '*') {
      pos++;
      Value v = next();
      if (!Numbers.isInteger(v)) throw new TemplateError("* wants int");
      return Numbers.clamp(Numbers.integer(v));
    }
    int n = 0;
    while (peek() >= '0' && peek() <= '9') {
      n = Math.min(Limits.MAX_LENGTH + 1, n * 10 + format.charAt(pos++) - '0');
    }
    return n;
  }

  private String convert(char type, Value v, FormatSpec spec) {
    Limits limits = rt.limits();
    return switch (type) {
      case 's', 'r', 'a' -> {
        String s = type == 's' ? Repr.str(v, limits) : Repr.repr(v, limits);
        yield spec.text(type == 'a' ? ascii(s) : s, limits);
      }
      case 'c' -> {
        if (v instanceof Value.Str s && Text.length(s.text()) == 1) {
          yield spec.text(s.text(), limits);
        }
        if (!Numbers.isInteger(v)) {
          throw new TemplateError("%" + type + " requires int or char");
        }
        yield spec.text(Numbers.character(Numbers.integer(v)), limits);
      }
      case 'd', 'i', 'u' -> {
        number(v, "%" + type + " format: a real number is required, not ");
        Value n = v instanceof Value.Real r ? new Value.Int(Numbers.truncate(r.value())) : v;
        yield spec.withType('d').integer(Numbers.integer(n), limits);
      }
      case 'o', 'x', 'X' -> {
        if (!Numbers.isInteger(v)) {
          throw new TemplateError(
              "%" + type + " format: an integer is required, not " + Value.typeName(v));
        }
        yield spec.integer(Numbers.integer(v), limits);
      }
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        number(v, "must be real number, not ");
        yield spec.real(Numbers.real(v), limits);
      }
      default ->
          throw new TemplateError(
              "unsupported format character '"
                  + type
                  + "' (0x"
                  + Integer.toHexString(type)
                  + ") at index "
                  + (pos - 1));
    };
  }

  private static void number(Value v, String refusal) {
    Operators.refuseUndefined(v);
    if (!Numbers.isNumber(v)) throw new TemplateError(refusal + Value.typeName(v));
  }

  /** Escapes what is outside ASCII, as {@code ascii()} does. */
  static String ascii(String s) {
    StringBuilder b = new StringBuilder();
    s.codePoints()
        .forEach(c -> {
          if (c < 0x80) {
            b.append((char) c);
          } else if (c < 0x100) {
            b.append("\\x%02x".formatted(c));
          } else if (c < 0x10000) {
            b.append("\\u%04x".formatted(c));
          } else {
            b.append("\\U%08x".formatted(c));
          }
        });
    return b.toString();
  }

  /** The arguments of the {@code format} filter: a mapping if there are names, else a tuple. */
  static Value arguments(Args args) {
    if (args.named().isEmpty()) return Value.tuple(List.copyOf(args.positional()));
    if (!args.positional().isEmpty()) {
      throw new TemplateError("can't handle positional and keyword arguments at the same time");
    }
    Map<Value, Value> entries = Value.newEntries();
    args.named().forEach((k, v) -> entries.put(Value.of(k), v));
    return new Value.Dict(entries);
  }
}
