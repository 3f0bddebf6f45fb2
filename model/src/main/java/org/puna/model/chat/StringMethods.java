package org.puna.model.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}. */
final class StringMethods {
  private static final Map<String, Method> METHODS = methods();

  private StringMethods() {}

  /** One method. */
  private interface Method {
    Value call(String self, Args args, Interpreter rt);
  }

  /** Returns a bound method, or null if strings have none of that name. */
  static @Nullable Value find(Value.Str self, String name, Interpreter unused) {
    Method method = METHODS.get(name);
    if (method == null) return null;
    return new Value.Func(
        "<built-in method " + name + " of str object>",
        (rt, args) -> {
          rt.limits().walk(self);
          Value result = method.call(self.text(), args, rt);
          if (self.markup() && result instanceof Value.Str s) {
            return new Value.Str(s.text(), true);
          }
          return result;
        });
  }

  private static Map<String, Method> methods() {
    Map<String, Method> m = new TreeMap<>();
    m.put("lower", text("lower", (s, _) -> Text.lower(s)));
    m.put("upper", text("upper", (s, _) -> Text.upper(s)));
    m.put(
        "casefold",
        text("casefold", (s, _) -> Text.lower(Text.upper(s).equals(s) ? s : s.replace("ß", "ss"))));
    m.put("capitalize", text("capitalize", (s, _) -> Text.capitalize(s)));
    m.put("title", text("title", (s, _) -> title(s)));
    m.put("swapcase", text("swapcase", (s, _) -> swapCase(s)));
    m.put("strip", strip("strip", true, true));
    m.put("lstrip", strip("lstrip", true, false));
    m.put("rstrip", strip("rstrip", false, true));
    m.put(
        "removeprefix",
        (s, a, _) -> {
          String p = a.bind("removeprefix", 1, "prefix").text(0, "");
          return Value.of(s.startsWith(p) ? s.substring(p.length()) : s);
        });
    m.put(
        "removesuffix",
        (s, a, _) -> {
          String p = a.bind("removesuffix", 1, "suffix").text(0, "");
          return Value.of(
              !p.isEmpty() && s.endsWith(p) ? s.substring(0, s.length() - p.length()) : s);
        });
    m.put("split", (s, a, rt) -> split(s, a, rt, false));
    m.put("rsplit", (s, a, rt) -> split(s, a, rt, true));
    m.put(
        "splitlines",
        (s, a, rt) -> {
          boolean keep = a.bind("splitlines", 0, "keepends").truth(0, false);
          rt.limits().chars(s.length());
          return strings(Text.lines(s, keep, rt.limits()), rt);
        });
    m.put("partition", (s, a, rt) -> partition(s, separator(a, "partition"), false, rt));
    m.put("rpartition", (s, a, rt) -> partition(s, separator(a, "rpartition"), true, rt));
    m.put("startswith", (s, a, _) -> affix(s, a, "startswith", true));
    m.put("endswith", (s, a, _) -> affix(s, a, "endswith", false));
    m.put("find", (s, a, _) -> Value.of(find(s, a, "find", false)));
    m.put("rfind", (s, a, _) -> Value.of(find(s, a, "rfind", true)));
    m.put("index", (s, a, _) -> Value.of(found(find(s, a, "index", false))));
    m.put("rindex", (s, a, _) -> Value.of(found(find(s, a, "rindex", true))));
    m.put(
        "count",
        (s, a, _) -> {
          Range r = Range.of(s, a.bind("count", 1, "sub", "start", "end"));
          return Value.of(r.start > r.end ? 0 : count(r.cut(s), r.part));
        });
    m.put(
        "replace",
        (s, a, rt) -> {
          Args.Bound b = a.bind("replace", 2, "old", "new", "count");
          return Value.of(replace(s, b.text(0, ""), b.text(1, ""), b.index(2, -1), rt.limits()));
        });
    m.put("join", (s, a, rt) -> Value.of(join(s, a.bind("join", 1, "iterable").get(0), rt)));
    m.put("format", (s, a, rt) -> Value.of(BraceFormat.format(s, a, rt)));
    m.put(
        "format_map",
        (s, a, rt) -> {
          Value v = a.bind("format_map", 1, "mapping").get(0);
          if (!(v instanceof Value.Dict d)) throw new TemplateError("format_map() wants a mapping");
          Map<String, Value> named = new TreeMap<>();
          d.entries().forEach((k, x) -> named.put(Repr.str(k, rt.limits()), x));
          return Value.of(BraceFormat.format(s, new Args(List.of(), named), rt));
        });
    m.put("center", (s, a, rt) -> pad(s, a, "center", '^', rt));
    m.put("ljust", (s, a, rt) -> pad(s, a, "ljust", '<', rt));
    m.put("rjust", (s, a, rt) -> pad(s, a, "rjust", '>', rt));
    m.put(
        "zfill",
        (s, a, rt) -> {
          int width = a.bind("zfill", 1, "width").index(0, 0);
          boolean signed = s.startsWith("-") || s.startsWith("+");
          int missing = Math.max(0, width - Text.length(s));
          String zeros = "0".repeat(rt.limits().chars(missing));
          return Value.of(signed ? s.charAt(0) + zeros + s.substring(1) : zeros + s);
        });
    m.put(
        "expandtabs",
        (s, a, rt) ->
            Value.of(expandTabs(s, a.bind("expandtabs", 0, "tabsize").index(0, 8), rt.limits())));
    m.put("isalpha", all("isalpha", Text::isAlpha));
    m.put("isalnum", all("isalnum", Text::isAlnum));
    m.put("isdigit", all("isdigit", Text::isDigit));
    m.put("isdecimal", all("isdecimal", Character::isDigit));
    m.put("isnumeric", all("isnumeric", Text::isNumeric));
    m.put("isspace", all("isspace", Text::isSpace));
    m.put(
        "isascii",
        (s, a, _) -> {
          a.bind("isascii", 0);
          return Value.of(s.chars().allMatch(c -> c < 0x80));
        });
    m.put(
        "isprintable",
        (s, a, _) -> {
          a.bind("isprintable", 0);
          return Value.of(s.codePoints().allMatch(Repr::isPrintable));
        });
    m.put(
        "isidentifier",
        (s, a, _) -> {
          a.bind("isidentifier", 0);
          return Value.of(isIdentifier(s));
        });
    m.put(
        "islower",
        (s, a, _) -> {
          a.bind("islower", 0);
          return Value.of(isLower(s));
        });
    m.put(
        "isupper",
        (s, a, _) -> {
          a.bind("isupper", 0);
          return Value.of(isUpper(s));
        });
    m.put(
        "istitle",
        (s, a, _) -> {
          a.bind("istitle", 0);
          return Value.of(s.codePoints().anyMatch(StringMethods::isCased) && title(s).equals(s));
        });
    return Map.copyOf(m);
  }

  /** A method without arguments that makes a string. */
  private static Method text(String name, java.util.function.BiFunction<String, Limits, String> f) {
    return (s, a, rt) -> {
      a.bind(name, 0);
      rt.limits().chars(s.length());
      return Value.of(f.apply(s, rt.limits()));
    };
  }

  private static Method all(String name, IntPredicate p) {
    return (s, a, _) -> {
      a.bind(name, 0);
      return Value.of(!s.isEmpty() && s.codePoints().allMatch(p));
    };
  }

  private static Method strip(String name, boolean left, boolean right) {
    return (s, a, rt) -> {
      Args.Bound b = a.bind(name, 0, "chars");
      rt.limits().chars(s.length());
      if (!b.isSet(0)) {
        String start = left ? Text.lstrip(s) : s;
        return Value.of(right ? Text.rstrip(start) : start);
      }
      if (!(b.get(0) instanceof Value.Str chars)) {
        throw new TemplateError(name + " arg must be None or str");
      }
      rt.limits().walk(chars);
      String start = left ? Text.lstrip(s, chars.text()) : s;
      return Value.of(right ? Text.rstrip(start, chars.text()) : start);
    };
  }

  static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  static boolean isLower(String s) {
    return s.codePoints().anyMatch(Character::isLowerCase)
        && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String s) {
    return s.codePoints().anyMatch(Character::isUpperCase)
        && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  static boolean isIdentifier(String s) {
    if (s.isEmpty()) return false;
    int first = s.codePointAt(0);
    return (first == '_' || Character.isUnicodeIdentifierStart(first))
        && s.codePoints()
            .allMatch(
                c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
  }

  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean inside = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      out.append(inside ? Text.lower(Character.toString(c)) : Text.title(c));
      inside = isCased(c);
    }
    return out.toString();
  }

  private static String swapCase(String s) {
    StringBuilder out = new StringBuilder(s.length());
    s.codePoints()
        .forEach(c -> {
          String one = Character.toString(c);
          out.append(Character.isUpperCase(c) ? Text.lower(one) : Text.upper(one));
        });
    return out.toString();
  }

  private static String separator(Args a, String name) {
    String separator = a.bind(name, 1, "sep").text(0, "");
    if (separator.isEmpty()) throw new TemplateError("empty separator");
    return separator;
  }

  private static Value partition(String s, String separator, boolean last, Interpreter rt) {
    rt.limits().chars(s.length());
    int at = last ? Text.lastIndexOf(s, separator, s.length()) : Text.indexOf(s, separator, 0);
    if (at < 0) {
      return last
          ? Value.tuple(Value.of(""), Value.of(""), Value.of(s))
          : Value.tuple(Value.of(s), Value.of(""), Value.of(""));
    }
    return Value.tuple(
        Value.of(s.substring(0, at)),
        Value.of(separator),
        Value.of(s.substring(at + separator.length())));
  }

  private static Value split(String s, Args a, Interpreter rt, boolean fromRight) {
    Args.Bound b = a.bind(fromRight ? "rsplit" : "split", 0, "sep", "maxsplit");
    int max = b.index(1, -1) < 0 ? Integer.MAX_VALUE : b.index(1, -1);
    rt.limits().chars(s.length());
    if (!b.isSet(0)) {
      return strings(
          fromRight
              ? Splits.blankFromRight(s, max, rt.limits())
              : Splits.blank(s, max, rt.limits()),
          rt);
    }
    if (!(b.get(0) instanceof Value.Str sep)) {
      throw new TemplateError("must be str or None, not " + Value.typeName(b.get(0)));
    }
    if (sep.text().isEmpty()) throw new TemplateError("empty separator");
    return strings(
        fromRight
            ? Splits.fromRight(s, sep.text(), max, rt.limits())
            : Splits.by(s, sep.text(), max, rt.limits()),
        rt);
  }

  private static Value strings(List<String> parts, Interpreter rt) {
    rt.limits().elements(parts.size());
    List<Value> out = new ArrayList<>(parts.size());
    for (String p : parts) out.add(Value.of(p));
    return Value.list(out);
  }

  private static Value affix(String s, Args a, String name, boolean prefix) {
    Args.Bound b = a.bind(name, 1, name.equals("startswith") ? "prefix" : "suffix", "start", "end");
    List<Value> candidates =
        b.get(0) instanceof Value.Seq t && t.tuple() ? t.items() : List.of(b.get(0));
    for (Value candidate : candidates) {
      if (!(candidate instanceof Value.Str c)) {
        throw new TemplateError(
            name + " first arg must be str or a tuple of str, not " + Value.typeName(candidate));
      }
      Range r = Range.of(s, c.text(), b);
      if (r.start > r.end) continue;
      String cut = r.cut(s);
      if (prefix ? cut.startsWith(c.text()) : cut.endsWith(c.text())) return Value.TRUE;
    }
    return Value.FALSE;
  }

  private static int find(String s, Args a, String name, boolean last) {
    Range r = Range.of(s, a.bind(name, 1, "sub", "start", "end"));
    if (r.start > r.end) return -1;
    String cut = r.cut(s);
    int at = last ? Text.lastIndexOf(cut, r.part, cut.length()) : Text.indexOf(cut, r.part, 0);
    return at < 0 ? -1 : r.start + cut.codePointCount(0, at);
  }

  private static int found(int at) {
    if (at < 0) throw new TemplateError("substring not found");
    return at;
  }

  /** A part to look for between two code point positions. */
  private record Range(String part, int start, int end) {
    static Range of(String s, Args.Bound b) {
      return of(s, b.text(0, ""), b);
    }

    static Range of(String s, String part, Args.Bound b) {
      int size = b.isSet(1) || b.isSet(2) ? Text.length(s) : s.length();
      int start = b.isSet(1) ? position(b.index(1, 0), size) : 0;
      int end = b.isSet(2) ? Math.min(size, position(b.index(2, size), size)) : Text.length(s);
      return new Range(part, start, end);
    }

    private static int position(int i, int size) {
      return i < 0 ? Math.max(0, i + size) : i;
    }

    String cut(String s) {
      if (start == 0 && end >= s.length()) return s;
      int from = s.offsetByCodePoints(0, start);
      return s.substring(from, s.offsetByCodePoints(from, end - start));
    }
  }

  /** Occurrences of {@code part} that do not overlap. */
  private static int count(String s, String part) {
    if (part.isEmpty()) return Text.length(s) + 1;
    int n = 0;
    for (int i = Text.indexOf(s, part, 0); i >= 0; i = Text.indexOf(s, part, i + part.length()))
      n++;
    return n;
  }

  /** Replaces the first {@code max} occurrences, all of them if it is negative. */
  static String replace(String s, String old, String with, int max, Limits limits) {
    int n = count(s, old);
    if (max >= 0) n = Math.min(n, max);
    limits.chars(Math.max(s.length(), s.length() + (long) n * (with.length() - old.length())));
    StringBuilder out = new StringBuilder();
    int from = 0;
    if (old.isEmpty()) {
      for (int i = 0; i < n; i++) {
        out.append(with);
        int to = from < s.length() ? from + Character.charCount(s.codePointAt(from)) : from;
        out.append(s, from, to);
        from = to;
      }
      return out.append(s, from, s.length()).toString();
    }
    for (int i = 0; i < n; i++) {
      int at = Text.indexOf(s, old, from);
      out.append(s, from, at).append(with);
      from = at + old.length();
    }
    return out.append(s, from, s.length()).toString();
  }

  private static String join(String separator, Value items, Interpreter rt) {
    Output out = new Output(rt.limits());
    int i = 0;
    Iterator<Value> all = Iteration.over(items, rt, "can only join an iterable");
    while (all.hasNext()) {
      rt.limits().step();
      Value item = all.next();
      if (!(item instanceof Value.Str s)) {
        throw new TemplateError(
            "sequence item " + i + ": expected str instance, " + Value.typeName(item) + " found");
      }
      if (i++ > 0) out.append(separator);
      out.append(s.text());
    }
    return out.text();
  }

  private static Value pad(String s, Args a, String name, char align, Interpreter rt) {
    Args.Bound b = a.bind(name, 1, "width", "fillchar");
    String fill = b.text(1, " ");
    if (Text.length(fill) != 1) {
      throw new TemplateError("The fill character must be exactly one character long");
    }
    return Value.of(pad(s, b.index(0, 0), fill, align, rt.limits()));
  }

  /** Pads to a width; a centred text has its odd blank where Python puts it. */
  static String pad(String s, int width, String fill, char align, Limits limits) {
    int missing = width - Text.length(s);
    if (missing <= 0) return s;
    limits.chars((long) missing * fill.length() + s.length());
    int left = align == '<' ? 0 : align == '>' ? missing : missing / 2 + (missing & width & 1);
    return fill.repeat(left) + s + fill.repeat(missing - left);
  }

  private static String expandTabs(String s, int size, Limits limits) {
    Output out = new Output(limits);
    int column = 0;
    int from = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '\t') {
        out.append(s.substring(from, i));
        int n = size <= 0 ? 0 : size - column % size;
        limits.length(n);
        out.append(" ".repeat(n));
        column += n;
        from = i + 1;
      } else {
        column = c == '\n' || c == '\r' ? 0 : column + (Character.isLowSurrogate(c) ? 0 : 1);
      }
    }
    return out.append(s.substring(from)).text();
  }
}
