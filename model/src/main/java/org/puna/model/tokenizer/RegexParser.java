package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.puna.model.config.BadInput;

/** Turns the text of a regular expression into the steps of {@link Regex}. */
final class RegexParser {
  /** Steps of a program and levels of nesting that are accepted: far above any tokenizer's. */
  private static final int MOST_STEPS = 20_000;

  private static final int MOST_NESTING = 100;

  /** The most characters that a look-behind may span. */
  private static final int MOST_BEHIND = 16;

  private final String regex;
  private final String where;
  private int at;
  private int nesting;
  private boolean ignoreCase;
  private boolean dotAll;
  private boolean extended;

  RegexParser(String regex, String where) {
    this.regex = regex;
    this.where = where;
  }

  Regex.Step[] parse() {
    List<Regex.Step> steps = alternatives();
    if (at < regex.length()) throw bad("unbalanced ')'");
    steps.add(Regex.Step.of(Regex.Kind.MATCH));
    return steps.toArray(Regex.Step[]::new);
  }

  /** Steps with jumps relative to themselves until they are placed: see {@link #append}. */
  private List<Regex.Step> alternatives() {
    if (++nesting > MOST_NESTING) throw bad("too many nested groups");
    boolean ignoreCaseBefore = ignoreCase;
    boolean dotAllBefore = dotAll;
    boolean extendedBefore = extended;
    List<List<Regex.Step>> branches = new ArrayList<>();
    branches.add(sequence());
    while (at < regex.length() && regex.charAt(at) == '|') {
      at++;
      branches.add(sequence());
    }
    ignoreCase = ignoreCaseBefore;
    dotAll = dotAllBefore;
    extended = extendedBefore;
    nesting--;
    List<Regex.Step> out = branches.getLast();
    for (int i = branches.size() - 2; i >= 0; i--) {
      List<Regex.Step> first = branches.get(i);
      List<Regex.Step> both = new ArrayList<>();
      // split 1 → first … jump to the end; otherwise the rest.
      both.add(Regex.Step.to(Regex.Kind.SPLIT, 1, first.size() + 2));
      append(both, first);
      append(both, List.of(Regex.Step.to(Regex.Kind.JUMP, first.size() + 2 + out.size(), 0)), 0);
      append(both, out);
      out = both;
    }
    return out;
  }

  /** Appends steps whose jumps count from their own start. */
  private void append(List<Regex.Step> to, List<Regex.Step> steps) {
    append(to, steps, to.size());
  }

  private void append(List<Regex.Step> to, List<Regex.Step> steps, int shift) {
    if (to.size() + steps.size() > MOST_STEPS)
      throw bad("too long when repetitions are written out");
    for (Regex.Step s : steps) {
      boolean jumps = s.kind() == Regex.Kind.SPLIT || s.kind() == Regex.Kind.JUMP;
      to.add(jumps ? Regex.Step.to(s.kind(), s.next() + shift, s.other() + shift) : s);
    }
  }

  private List<Regex.Step> sequence() {
    List<Regex.Step> out = new ArrayList<>();
    while (at < regex.length() && regex.charAt(at) != '|' && regex.charAt(at) != ')') {
      if (extended && skipSpace()) continue;
      append(out, quantified(atom()));
    }
    return out;
  }

  private boolean skipSpace() {
    char c = regex.charAt(at);
    if (c == '#') {
      while (at < regex.length() && regex.charAt(at) != '\n') at++;
      return true;
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      at++;
      return true;
    }
    return false;
  }

  private List<Regex.Step> quantified(List<Regex.Step> atom) {
    List<Regex.Step> out = atom;
    while (at < regex.length()) {
      int least;
      int most;
      boolean braces = false;
      switch (regex.charAt(at)) {
        case '*' -> {
          least = 0;
          most = -1;
        }
        case '+' -> {
          least = 1;
          most = -1;
        }
        case '?' -> {
          least = 0;
          most = 1;
        }
        case '{' -> {
          int[] bounds = bounds();
          if (bounds.length == 0) return out;
          least = bounds[0];
          most = bounds[1];
          braces = true;
        }
        default -> {
          return out;
        }
      }
      if (!braces) at++;
      char mode = at < regex.length() ? regex.charAt(at) : 0;
      boolean lazy = mode == '?';
      // In Oniguruma {n,m}+ repeats the repetition; only *+ ++ ?+ are possessive.
      boolean possessive = mode == '+' && !braces;
      if (lazy || possessive) at++;
      out = repeat(out, least, most, lazy);
      if (possessive) out = new ArrayList<>(List.of(around(Regex.Kind.ATOMIC, out, false, 0)));
    }
    return out;
  }

  /** The numbers of {n}, {n,}, {,m} or {n,m}; none where the brace is a brace. */
  private int[] bounds() {
    int close = regex.indexOf('}', at);
    if (close < 0) return new int[0];
    String inside = regex.substring(at + 1, close);
    if (!inside.matches("\\d{1,5}(,\\d{0,5})?|,\\d{1,5}")) return new int[0];
    at = close + 1;
    int comma = inside.indexOf(',');
    if (comma < 0) {
      int n = Integer.parseInt(inside);
      return new int[] {n, n};
    }
    int least = comma == 0 ? 0 : Integer.parseInt(inside.substring(0, comma));
    int most = comma == inside.length() - 1 ? -1 : Integer.parseInt(inside.substring(comma + 1));
    if (most >= 0 && most < least) throw bad("a repetition {" + inside + "}");
    return new int[] {least, most};
  }

  private List<Regex.Step> repeat(List<Regex.Step> atom, int least, int most, boolean lazy) {
    List<Regex.Step> out = new ArrayList<>();
    for (int i = 0; i < least; i++) append(out, atom);
    int n = atom.size();
    if (most < 0) {
      // loop: split body, end; body; jump loop
      List<Regex.Step> loop = new ArrayList<>();
      loop.add(split(1, n + 2, lazy));
      append(loop, atom);
      loop.add(Regex.Step.to(Regex.Kind.JUMP, 0, 0));
      append(out, loop);
    } else {
      for (int i = least; i < most; i++) {
        int left = (most - i) * (n + 1);
        append(out, List.of(split(1, left, lazy)));
        append(out, atom);
      }
    }
    return out;
  }

  private static Regex.Step split(int first, int second, boolean lazy) {
    return lazy
        ? Regex.Step.to(Regex.Kind.SPLIT, second, first)
        : Regex.Step.to(Regex.Kind.SPLIT, first, second);
  }

  private Regex.Step around(Regex.Kind kind, List<Regex.Step> steps, boolean negated, int most) {
    List<Regex.Step> inner = new ArrayList<>(steps);
    inner.add(Regex.Step.of(Regex.Kind.MATCH));
    return Regex.Step.around(kind, inner.toArray(Regex.Step[]::new), negated, most);
  }

  private static List<Regex.Step> one(Regex.Step step) {
    return new ArrayList<>(List.of(step));
  }

  private List<Regex.Step> atom() {
    char c = regex.charAt(at);
    return switch (c) {
      case '(' -> group();
      case '[' -> one(Regex.Step.set(cased(new RegexSet(regex, at, where).parse(this::moveTo))));
      case '.' -> {
        at++;
        boolean all = dotAll;
        yield one(Regex.Step.set(all ? x -> true : x -> x != '\n'));
      }
      case '^' -> {
        at++;
        yield one(Regex.Step.of(Regex.Kind.LINE_START));
      }
      case '$' -> {
        at++;
        yield one(Regex.Step.of(Regex.Kind.LINE_END));
      }
      case '\\' -> escape();
      case '*', '+', '?' -> throw bad("nothing to repeat before '" + c + "'");
      default -> {
        int point = regex.codePointAt(at);
        at += Character.charCount(point);
        yield one(Regex.Step.set(literal(point)));
      }
    };
  }

  private void moveTo(int place) {
    at = place;
  }

  private IntPredicate literal(int point) {
    if (!ignoreCase) return c -> c == point;
    int folded = CharSet.fold(point);
    return c -> c == point || CharSet.fold(c) == folded;
  }

  private IntPredicate cased(IntPredicate set) {
    return ignoreCase ? CharSet.ignoringCase(set) : set;
  }

  private List<Regex.Step> escape() {
    if (at + 1 >= regex.length()) throw bad("a backslash at the end");
    Regex.Step step =
        switch (regex.charAt(at + 1)) {
          case 'A' -> Regex.Step.of(Regex.Kind.TEXT_START);
          case 'z' -> Regex.Step.of(Regex.Kind.TEXT_END);
          case 'Z' -> Regex.Step.of(Regex.Kind.LAST_LINE_END);
          case 'b' -> Regex.Step.around(Regex.Kind.WORD_BORDER, new Regex.Step[0], false, 0);
          case 'B' -> Regex.Step.around(Regex.Kind.WORD_BORDER, new Regex.Step[0], true, 0);
          default -> null;
        };
    if (step != null) {
      at += 2;
      return one(step);
    }
    RegexSet.Escape escape = new RegexSet(regex, at, where).escape();
    at = escape.end();
    return one(Regex.Step.set(escape.point() >= 0 ? literal(escape.point()) : cased(escape.set())));
  }

  private List<Regex.Step> group() {
    at++;
    if (!regex.startsWith("?", at)) return close(alternatives());
    if (regex.startsWith("?:", at)) return inside(2);
    if (regex.startsWith("?=", at)) return one(around(Regex.Kind.AHEAD, inside(2), false, 0));
    if (regex.startsWith("?!", at)) return one(around(Regex.Kind.AHEAD, inside(2), true, 0));
    if (regex.startsWith("?>", at)) return one(around(Regex.Kind.ATOMIC, inside(2), false, 0));
    if (regex.startsWith("?<=", at)) return behind(false);
    if (regex.startsWith("?<!", at)) return behind(true);
    if (regex.startsWith("?#", at)) {
      while (at < regex.length() && regex.charAt(at) != ')') at++;
      return close(new ArrayList<>());
    }
    if (regex.startsWith("?<", at) || regex.startsWith("?P<", at)) {
      int name = regex.indexOf('>', at);
      if (name < 0) throw bad("a group name without '>'");
      at = name + 1;
      return close(alternatives());
    }
    return flags();
  }

  private List<Regex.Step> inside(int skip) {
    at += skip;
    return close(alternatives());
  }

  private List<Regex.Step> behind(boolean negated) {
    return one(around(Regex.Kind.BEHIND, inside(3), negated, MOST_BEHIND));
  }

  private List<Regex.Step> close(List<Regex.Step> steps) {
    if (at >= regex.length() || regex.charAt(at) != ')') throw bad("a group without ')'");
    at++;
    return steps;
  }

  /** {@code (?i:…)}, {@code (?i)} to the end of the group, and their like. */
  private List<Regex.Step> flags() {
    at++;
    boolean on = true;
    boolean ignoreCaseBefore = ignoreCase;
    boolean dotAllBefore = dotAll;
    boolean extendedBefore = extended;
    while (at < regex.length()) {
      char c = regex.charAt(at++);
      switch (c) {
        case '-' -> on = false;
        case 'i' -> ignoreCase = on;
        case 'm', 's' -> dotAll = on;
        case 'x' -> extended = on;
        case ')' -> {
          // The flags hold for the rest of the enclosing group, alternatives included.
          return alternatives();
        }
        case ':' -> {
          List<Regex.Step> steps = close(alternatives());
          ignoreCase = ignoreCaseBefore;
          dotAll = dotAllBefore;
          extended = extendedBefore;
          return steps;
        }
        default -> throw bad("the group (?" + c + " is not supported");
      }
    }
    throw bad("a group without ')'");
  }

  private BadInput bad(String what) {
    return new BadInput(where + ": regular expression, place " + at + ": " + what);
  }
}
