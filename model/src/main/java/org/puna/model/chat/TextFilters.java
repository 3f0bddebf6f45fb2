package org.puna.model.chat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters that make texts. */
final class TextFilters {
  private static final int DEFAULT_WIDTH = 80;
  private static final int DEFAULT_LENGTH = 255;
  private static final int DEFAULT_LEEWAY = 5;

  private TextFilters() {}

  static void register(Map<String, Filters.Filter> m) {
    m.put("string", (rt, v, _) -> v instanceof Value.Str ? v : str(v, rt));
    m.put("lower", text(Text::lower));
    m.put("upper", text(Text::upper));
    m.put("capitalize", text(Text::capitalize));
    m.put("title", text(TextFilters::title));
    m.put("striptags", text(TextFilters::stripTags));
    m.put("trim", TextFilters::trim);
    m.put("replace", TextFilters::replace);
    m.put("join", TextFilters::join);
    m.put("indent", TextFilters::indent);
    m.put("truncate", TextFilters::truncate);
    m.put(
        "center",
        (rt, v, a) -> {
          int width = a.bind("center", 0, "width").index(0, DEFAULT_WIDTH);
          return Value.of(
              StringMethods.pad(Repr.str(v, rt.limits()), width, " ", '^', rt.limits()));
        });
    m.put("wordcount", (rt, v, _) -> Value.of(words(Repr.str(v, rt.limits()))));
    m.put("wordwrap", WordWrap::apply);
    m.put(
        "format",
        (rt, v, a) ->
            Operators.binary(
                "%", v instanceof Value.Str ? v : str(v, rt), PercentFormat.arguments(a), rt));
    m.put("safe", (rt, v, _) -> new Value.Str(Repr.str(v, rt.limits()), true));
    m.put("escape", TextFilters::escape);
    m.put("e", TextFilters::escape);
    m.put("forceescape", (rt, v, _) -> escaped(Repr.str(v, rt.limits()), rt));
    m.put("urlencode", TextFilters::urlEncode);
    m.put("filesizeformat", TextFilters::fileSize);
  }

  private static Value str(Value v, Interpreter rt) {
    return Value.of(Repr.str(v, rt.limits()));
  }

  private static Filters.Filter text(UnaryOperator<String> f) {
    return (rt, v, a) -> {
      a.bind("filter", 0);
      String s = Repr.str(v, rt.limits());
      rt.limits().chars(s.length());
      return new Value.Str(f.apply(s), v instanceof Value.Str m && m.markup());
    };
  }

  /** Capitalises what follows the start, white space, a hyphen or an opening bracket. */
  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean start = true;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      String one = Character.toString(c);
      boolean boundary = Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
      out.append(boundary ? one : start ? Text.upper(one) : Text.lower(one));
      start = boundary;
    }
    return out.toString();
  }

  private static String stripTags(String s) {
    StringBuilder out = new StringBuilder();
    int i = 0;
    while (i < s.length()) {
      int open = s.indexOf('<', i);
      if (open < 0) break;
      boolean comment = s.startsWith("<!--", open);
      int close = comment ? s.indexOf("-->", open + 4) : s.indexOf('>', open);
      if (close < 0) break;
      out.append(s, i, open);
      i = close + (comment ? 3 : 1);
    }
    out.append(s, i, s.length());
    String plain =
        out.toString()
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
    StringBuilder words = new StringBuilder();
    for (String word : plain.split("\\s+", -1)) {
      if (word.isEmpty()) continue;
      if (!words.isEmpty()) words.append(' ');
      words.append(word);
    }
    return words.toString();
  }

  private static Value trim(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("trim", 0, "chars");
    String s = Repr.str(v, rt.limits());
    rt.limits().chars(s.length());
    boolean markup = v instanceof Value.Str m && m.markup();
    if (!b.isSet(0)) return new Value.Str(Text.rstrip(Text.lstrip(s)), markup);
    if (!(b.get(0) instanceof Value.Str chars)) {
      throw new TemplateError("strip arg must be None or str");
    }
    return new Value.Str(Text.rstrip(Text.lstrip(s, chars.text()), chars.text()), markup);
  }

  private static Value replace(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("replace", 2, "old", "new", "count");
    Limits limits = rt.limits();
    int count = b.isSet(2) ? b.index(2, -1) : -1;
    return Value.of(
        StringMethods.replace(
            Repr.str(v, limits),
            Repr.str(b.get(0), limits),
            Repr.str(b.get(1), limits),
            count,
            limits));
  }

  private static Value join(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("join", 0, "d", "attribute");
    String separator = Repr.str(b.get(0, Value.of("")), rt.limits());
    Filters.Getter getter = new Filters.Getter(b.get(1), null, rt);
    Output out = new Output(rt.limits());
    boolean first = true;
    for (Value item : Iteration.list(v, rt)) {
      if (!first) out.append(separator);
      out.append(Repr.str(getter.get(item, rt), rt.limits()));
      first = false;
    }
    return Value.of(out.text());
  }

  private static Value indent(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("indent", 0, "width", "first", "blank");
    String indent =
        b.get(0) instanceof Value.Str s
            ? s.text()
            : " ".repeat(rt.limits().chars(Math.max(0, b.index(0, 4))));
    if (!(v instanceof Value.Str) && !(v instanceof Value.Undefined)) {
      throw Operators.unsupported("+=", v, Value.of(""));
    }
    Operators.refuseUndefined(v);
    List<String> lines = Text.lines(Repr.str(v, rt.limits()) + "\n", false, rt.limits());
    boolean blank = b.truth(2, false);
    Output out = new Output(rt.limits());
    for (int i = 0; i < lines.size(); i++) {
      if (i > 0) out.append("\n");
      boolean indented = i == 0 ? b.truth(1, false) : blank || !lines.get(i).isEmpty();
      if (indented) out.append(indent);
      out.append(lines.get(i));
    }
    return Value.of(out.text());
  }

  private static Value truncate(Interpreter rt, Value v, Args args) {
    Args.Bound b = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
    Iteration.length(v);
    String s = Repr.str(v, rt.limits());
    int length = b.index(0, DEFAULT_LENGTH);
    String end = b.text(2, "...");
    int leeway = b.isSet(3) ? b.index(3, 0) : DEFAULT_LEEWAY;
    int keep = length - Text.length(end);
    if (keep < 0) {
      throw new TemplateError("expected length >= " + Text.length(end) + ", got " + length);
    }
    if (leeway < 0) throw new TemplateError("expected leeway >= 0, got " + leeway);
    int size = Text.length(s);
    if (size <= (long) length + leeway) return v;
    rt.limits().chars(s.length());
    String cut = s.substring(0, s.offsetByCodePoints(0, Math.min(size, keep)));
    if (!b.truth(1, false)) {
      int space = cut.lastIndexOf(' ');
      if (space >= 0) cut = cut.substring(0, space);
    }
    return Value.of(cut + end);
  }

  private static long words(String s) {
    long n = 0;
    boolean inside = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      boolean word = Text.isWord(c);
      if (word && !inside) n++;
      inside = word;
    }
    return n;
  }

  private static Value escape(Interpreter rt, Value v, Args args) {
    args.bind("escape", 0);
    return v instanceof Value.Str s && s.markup() ? s : escaped(Repr.str(v, rt.limits()), rt);
  }

  private static Value escaped(String s, Interpreter rt) {
    // The longest replacement has five characters.
    rt.limits().chars(5L * s.length());
    return new Value.Str(Text.escapeHtml(s), true);
  }

  private static Value urlEncode(Interpreter rt, Value v, Args args) {
    args.bind("urlencode", 0);
    Limits limits = rt.limits();
    if (v instanceof Value.Str s) return Value.of(percent(s.text(), true, limits));
    if (!Tests.isIterable(v)) return Value.of(percent(Repr.str(v, limits), true, limits));
    List<String> pairs = new ArrayList<>();
    Value items = v instanceof Value.Dict d ? CollectionMethods.items(d) : v;
    for (Value item : Iteration.list(items, rt)) {
      List<Value> pair = Iteration.list(item, rt);
      if (pair.size() != 2) {
        throw new TemplateError("urlencode wants a text, a mapping or pairs");
      }
      pairs.add(
          percent(Repr.str(pair.get(0), limits), false, limits)
              + "="
              + percent(Repr.str(pair.get(1), limits), false, limits));
    }
    return Value.of(String.join("&", pairs));
  }

  private static String percent(String s, boolean keepsSlash, Limits limits) {
    Output out = new Output(limits);
    for (byte x : s.getBytes(StandardCharsets.UTF_8)) {
      int c = x & 0xff;
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0);
      if (plain || (c == '/' && keepsSlash)) {
        out.append(String.valueOf((char) c));
      } else if (c == ' ' && !keepsSlash) {
        out.append("+");
      } else {
        out.append("%%%02X".formatted(c));
      }
    }
    return out.text();
  }

  private static Value fileSize(Interpreter rt, Value v, Args args) {
    boolean binary = args.bind("filesizeformat", 0, "binary").truth(0, false);
    double bytes = Numbers.real(NumberFilters.toFloat(v, Value.of(0.0), rt));
    int base = binary ? 1024 : 1000;
    if (bytes == 1) return Value.of("1 Byte");
    if (bytes < base) return Value.of((long) bytes + " Bytes");
    String[] prefixes = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    double unit = base;
    int i = 0;
    while (i < prefixes.length - 1 && bytes >= unit * base) {
      unit *= base;
      i++;
    }
    String prefix = binary ? Text.upper(prefixes[i]) + "iB" : prefixes[i] + "B";
    String shown = FormatSpec.format(Value.of(bytes / unit), ".1f", rt.limits());
    return Value.of(shown + " " + prefix);
  }
}
