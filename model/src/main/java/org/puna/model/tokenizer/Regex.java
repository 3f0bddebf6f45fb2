package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.puna.model.config.BadInput;

/**
 * A regular expression as tokenizer files have them: Oniguruma's syntax and definitions, the first
 * alternative that leads to a match wins. There are no back references, so that a state that failed
 * once fails always and is not tried again: time is linear in the text for each search, and neither
 * a long text nor a nested repetition can overflow the stack.
 */
final class Regex {
  /** What a step does; the fields of {@link Step} are named after the first that uses them. */
  enum Kind {
    /** One character of {@code set}. */
    SET,
    /** Goes on at {@code next}, or where that fails at {@code other}. */
    SPLIT,
    /** Goes on at {@code next}. */
    JUMP,
    /** Goes on where {@code inner} matches here (or not, if {@code negated}). */
    AHEAD,
    /** Goes on where {@code inner} matches some text that ends here, of {@code least} to most. */
    BEHIND,
    /** Goes on after what {@code inner} matches first, for good. */
    ATOMIC,
    /** Goes on at the start of a line. */
    LINE_START,
    /** Goes on at the end of a line. */
    LINE_END,
    /** Goes on at the start of the text. */
    TEXT_START,
    /** Goes on at the end of the text. */
    TEXT_END,
    /** Goes on at the end of the text or before its last line feed. */
    LAST_LINE_END,
    /** Goes on between a word and what is none (or not, if {@code negated}). */
    WORD_BORDER,
    /** Ends with success. */
    MATCH
  }

  /** One step of a program. */
  record Step(
      Kind kind, IntPredicate set, int next, int other, Step[] inner, boolean negated, int most) {
    private static final Step[] NONE = {};

    private static boolean nothing(int c) {
      return false;
    }

    static Step of(Kind kind) {
      return new Step(kind, Step::nothing, 0, 0, NONE, false, 0);
    }

    static Step set(IntPredicate set) {
      return new Step(Kind.SET, set, 0, 0, NONE, false, 0);
    }

    static Step to(Kind kind, int next, int other) {
      return new Step(kind, Step::nothing, next, other, NONE, false, 0);
    }

    static Step around(Kind kind, Step[] inner, boolean negated, int most) {
      return new Step(kind, Step::nothing, 0, 0, inner, negated, most);
    }
  }

  /** Steps that one search may take: a constant and some for each character. */
  private static final long STEPS = 50_000_000;

  private static final int STEPS_PER_CHAR = 2_000;

  private final String source;
  private final Step[] program;

  private Regex(String source, Step[] program) {
    this.source = source;
    this.program = program;
  }

  /**
   * Compiles an expression.
   *
   * @throws BadInput where it is malformed or uses what is not supported; the message begins with
   *     {@code where}
   */
  static Regex compile(String regex, String where) {
    return new Regex(regex, new RegexParser(regex, where).parse());
  }

  /** Finds matches in one text, one after the other. For one thread. */
  Finder finder(String text) {
    return new Finder(text);
  }

  /** A search through one text. */
  final class Finder {
    private final String text;
    private long budget;
    private int start;
    private int end = -1;
    private int from;
    private final States failed = new States();

    private Finder(String text) {
      this.text = text;
      budget = STEPS + (long) STEPS_PER_CHAR * text.length();
    }

    int start() {
      return start;
    }

    int end() {
      return end;
    }

    /** Goes to the next match; matches do not overlap. */
    boolean find() {
      failed.clear();
      while (from <= text.length()) {
        int stop = run(program, from, failed, -1);
        // An empty match right behind another is none.
        if (stop >= 0 && !(stop == from && from == end)) {
          start = from;
          end = stop;
          from = stop == from ? after(from) : stop;
          return true;
        }
        if (stop >= 0) failed.clear();
        from = after(from);
      }
      return false;
    }

    private int after(int at) {
      return at < text.length() ? at + Character.charCount(text.codePointAt(at)) : at + 1;
    }

    /** End of the first match that begins at a place (and ends at one, if not negative), or -1. */
    private int run(Step[] steps, int at, States failed, int mustEnd) {
      long[] stack = new long[32];
      int depth = 0;
      stack[depth++] = at;
      while (depth > 0) {
        long state = stack[--depth];
        int pc = (int) (state >>> 32);
        int p = (int) state;
        boolean alive = true;
        while (alive) {
          if (--budget < 0) {
            throw new BadInput("the pattern " + source + " takes too long on this text");
          }
          Step step = steps[pc];
          switch (step.kind) {
            case SET -> {
              if (p >= text.length()) {
                alive = false;
                break;
              }
              int c = text.codePointAt(p);
              alive = step.set.test(c);
              p += Character.charCount(c);
              pc++;
            }
            case SPLIT -> {
              if (!failed.add(pc, p)) {
                alive = false;
                break;
              }
              if (depth == stack.length) stack = Arrays.copyOf(stack, depth * 2);
              stack[depth++] = (long) step.other << 32 | p;
              pc = step.next;
            }
            case JUMP -> pc = step.next;
            case AHEAD -> {
              alive = (run(step.inner, p, new States(), -1) >= 0) != step.negated;
              pc++;
            }
            case BEHIND -> {
              alive = behind(step, p) != step.negated;
              pc++;
            }
            case ATOMIC -> {
              p = run(step.inner, p, new States(), -1);
              alive = p >= 0;
              pc++;
            }
            case LINE_START -> {
              alive = p == 0 || text.charAt(p - 1) == '\n';
              pc++;
            }
            case LINE_END -> {
              alive = p == text.length() || text.charAt(p) == '\n';
              pc++;
            }
            case TEXT_START -> {
              alive = p == 0;
              pc++;
            }
            case TEXT_END -> {
              alive = p == text.length();
              pc++;
            }
            case LAST_LINE_END -> {
              alive = p == text.length() || (p == text.length() - 1 && text.charAt(p) == '\n');
              pc++;
            }
            case WORD_BORDER -> {
              boolean before = p > 0 && CharSet.isWord(text.codePointBefore(p));
              boolean here = p < text.length() && CharSet.isWord(text.codePointAt(p));
              alive = (before != here) != step.negated;
              pc++;
            }
            case MATCH -> {
              if (mustEnd < 0 || p == mustEnd) return p;
              alive = false;
            }
          }
        }
      }
      return -1;
    }

    private boolean behind(Step step, int at) {
      int p = at;
      for (int i = 0; i <= step.most; i++) {
        if (run(step.inner, p, new States(), at) >= 0) return true;
        if (p == 0) return false;
        p -= Character.charCount(text.codePointBefore(p));
      }
      return false;
    }
  }

  /** States that were tried: an open-addressing set, small until it must grow. */
  private static final class States {
    private long[] slots = new long[16];
    private int size;

    boolean add(int pc, int at) {
      long key = ((long) pc << 32 | at) + 1;
      if (size * 2 >= slots.length) grow();
      return put(key);
    }

    private boolean put(long key) {
      int mask = slots.length - 1;
      int i = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
      while (slots[i] != 0) {
        if (slots[i] == key) return false;
        i = (i + 1) & mask;
      }
      slots[i] = key;
      size++;
      return true;
    }

    private void grow() {
      long[] old = slots;
      slots = new long[old.length * 2];
      size = 0;
      for (long key : old) if (key != 0) put(key);
    }

    void clear() {
      if (size == 0) return;
      if (slots.length > 4096) slots = new long[16];
      else Arrays.fill(slots, 0);
      size = 0;
    }
  }
}
