package org.puna.model.chat;

/** Python's {@code str.format} with the sandbox's rules for attributes. */
final class BraceFormat {
  private final Args args;
  private final Interpreter rt;
  private int automatic;
  private boolean numbered;

  private BraceFormat(Args args, Interpreter rt) {
    this.args = args;
    this.rt = rt;
  }

  static String format(String format, Args args, Interpreter rt) {
    return new BraceFormat(args, rt).run(format, 0);
  }

  private String run(String s, int level) {
    if (level > 1) throw new TemplateError("Max string recursion exceeded");
    Output out = new Output(rt.limits());
    int i = 0;
    while (i < s.length()) {
      char c = s.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < s.length() && s.charAt(i + 1) == c) {
        out.append(String.valueOf(c));
        i += 2;
      } else if (c == '}') {
        throw new TemplateError("Single '}' encountered in format string");
      } else if (c == '{') {
        int close = closing(s, i);
        out.append(field(s.substring(i + 1, close), level));
        i = close + 1;
      } else {
        int next = i + 1;
        while (next < s.length() && s.charAt(next) != '{' && s.charAt(next) != '}') next++;
        out.append(s.substring(i, next));
        i = next;
      }
    }
    return out.text();
  }

  private static int closing(String s, int open) {
    int depth = 0;
    for (int i = open; i < s.length(); i++) {
      if (s.charAt(i) == '{') depth++;
      if (s.charAt(i) == '}' && --depth == 0) return i;
    }
    throw new TemplateError(
        open + 1 == s.length()
            ? "Single '{' encountered in format string"
            : "expected '}' before end of string");
  }

  private String field(String field, int level) {
    int end = 0;
    boolean bracket = false;
    while (end < field.length()) {
      char c = field.charAt(end);
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      if (!bracket && (c == ':' || c == '!')) break;
      end++;
    }
    Value v = lookup(field.substring(0, end));
    if (end < field.length() && field.charAt(end) == '!') {
      char kind = end + 1 < field.length() ? field.charAt(end + 1) : ' ';
      v =
          switch (kind) {
            case 's' -> Value.of(Repr.str(v, rt.limits()));
            case 'r' -> Value.of(Repr.repr(v, rt.limits()));
            case 'a' -> Value.of(PercentFormat.ascii(Repr.repr(v, rt.limits())));
            default -> throw new TemplateError("Unknown conversion specifier " + kind);
          };
      end += 2;
      if (end < field.length() && field.charAt(end) != ':') {
        throw new TemplateError("expected ':' after conversion specifier");
      }
    }
    String spec = end < field.length() ? field.substring(end + 1) : "";
    if (spec.indexOf('{') >= 0) spec = run(spec, level + 1);
    if (v instanceof Value.Undefined && spec.isEmpty()) return "";
    return FormatSpec.format(v, spec, rt.limits());
  }

  private Value lookup(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') end++;
    Value v = argument(path.substring(0, end));
    int i = end;
    while (i < path.length()) {
      if (path.charAt(i) == '.') {
        int next = i + 1;
        while (next < path.length() && path.charAt(next) != '.' && path.charAt(next) != '[') next++;
        v = Attributes.attribute(v, path.substring(i + 1, next), rt);
        i = next;
      } else {
        int close = path.indexOf(']', i);
        if (close < 0 || path.charAt(i) != '[') {
          throw new TemplateError("Only '.' or '[' may follow ']' in format field specifier");
        }
        String key = path.substring(i + 1, close);
        v = Attributes.element(v, isNumber(key) ? number(key) : Value.of(key), rt);
        i = close + 1;
      }
    }
    return v;
  }

  private Value argument(String name) {
    if (name.isEmpty()) {
      if (numbered) {
        throw new TemplateError(
            "cannot switch from manual field specification to automatic field numbering");
      }
      return positional(automatic++);
    }
    if (isNumber(name)) {
      if (automatic > 0) {
        throw new TemplateError(
            "cannot switch from automatic field numbering to manual field specification");
      }
      numbered = true;
      return positional(Numbers.index(number(name)));
    }
    Value v = args.named().get(name);
    if (v == null) throw new TemplateError(Repr.quote(name));
    return v;
  }

  private Value positional(int i) {
    if (i >= args.positional().size()) {
      throw new TemplateError("Replacement index " + i + " out of range for positional args tuple");
    }
    return args.positional().get(i);
  }

  private static boolean isNumber(String s) {
    return !s.isEmpty() && s.length() < 9 && s.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static Value number(String s) {
    return Value.of(Long.parseLong(s));
  }
}
