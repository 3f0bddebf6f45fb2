package org.puna.chat.constraint;

import static org.puna.chat.constraint.Grammar.Node.choice;
import static org.puna.chat.constraint.Grammar.Node.sequence;
import static org.puna.chat.constraint.Grammar.Node.text;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.chat.constraint.Grammar.Node;

/**
 * The decimal spellings of the numbers in a range, digit by digit: while the digits so far are
 * those of a bound, the bound decides which digit may come next; once they differ, any may. No
 * exponents.
 */
final class NumberRange {
  private static final int MAX_DIGITS = 16;
  private static final Node NOTHING = new Node.Choice(List.of());

  private final BigDecimal low;
  private final boolean lowOpen;
  private final Optional<BigDecimal> high;
  private final boolean highOpen;
  private final boolean integer;

  private NumberRange(Bound low, Optional<Bound> high, boolean integer) {
    this.low = low.value();
    this.lowOpen = low.open();
    this.high = high.map(Bound::value);
    this.highOpen = high.isPresent() && high.get().open();
    this.integer = integer;
  }

  /**
   * A bound of a range.
   *
   * @param value the bound
   * @param open whether the bound itself is outside
   */
  record Bound(BigDecimal value, boolean open) {
    private Bound negated() {
      return new Bound(value.negate(), open);
    }
  }

  /**
   * Returns the spellings of the numbers between two bounds, each of which may be missing.
   *
   * @param integer whether only integers are meant
   */
  static Node between(Optional<Bound> low, Optional<Bound> high, boolean integer) {
    Bound zero = new Bound(BigDecimal.ZERO, false);
    Bound aboveZero = new Bound(BigDecimal.ZERO, true);
    List<Node> options = new ArrayList<>();
    if (high.isEmpty() || high.get().value().signum() >= 0) {
      Bound from = low.isPresent() && low.get().value().signum() >= 0 ? low.get() : zero;
      options.add(new NumberRange(from, high, integer).magnitudes());
    }
    if (low.isEmpty() || low.get().value().signum() < 0) {
      Optional<Bound> farthest = low.map(Bound::negated);
      Bound nearest =
          high.isPresent() && high.get().value().signum() < 0 ? high.get().negated() : aboveZero;
      options.add(sequence(text("-"), new NumberRange(nearest, farthest, integer).magnitudes()));
    }
    return new Node.Choice(options);
  }

  private Node magnitudes() {
    String a = whole(low);
    String b = high.map(NumberRange::whole).orElse("9".repeat(MAX_DIGITS));
    List<Node> options = new ArrayList<>();
    for (int n = a.length(); n <= Math.min(b.length(), Math.max(MAX_DIGITS, a.length())); n++) {
      boolean tightLow = n == a.length();
      boolean tightHigh = high.isPresent() && n == b.length();
      options.add(whole(tightLow ? a : "", tightHigh ? b : "", n, 0, tightLow, tightHigh));
    }
    return new Node.Choice(options);
  }

  private static String whole(BigDecimal x) {
    return x.setScale(0, RoundingMode.FLOOR).toBigInteger().toString();
  }

  private static String fraction(BigDecimal x) {
    String plain = x.stripTrailingZeros().toPlainString();
    int point = plain.indexOf('.');
    return point < 0 ? "" : plain.substring(point + 1);
  }

  private Node whole(String a, String b, int n, int at, boolean tightLow, boolean tightHigh) {
    if (at == n) return afterWhole(tightLow, tightHigh);
    int from = tightLow ? a.charAt(at) - '0' : at == 0 && n > 1 ? 1 : 0;
    int to = tightHigh ? b.charAt(at) - '0' : 9;
    return digits(
        from, to, tightLow, tightHigh, (low2, high2) -> whole(a, b, n, at + 1, low2, high2));
  }

  private interface Rest {
    Node after(boolean tightLow, boolean tightHigh);
  }

  /** The digits from one to another, the bounds' own digits apart from those between. */
  private static Node digits(int from, int to, boolean tightLow, boolean tightHigh, Rest rest) {
    if (from > to) return NOTHING;
    List<Node> options = new ArrayList<>();
    int first = from;
    int last = to;
    if (tightLow && tightHigh && from == to) {
      return sequence(digit(from, from), rest.after(true, true));
    }
    if (tightLow) {
      options.add(sequence(digit(from, from), rest.after(true, false)));
      first++;
    }
    if (tightHigh) {
      options.add(sequence(digit(to, to), rest.after(false, true)));
      last--;
    }
    if (first <= last) options.add(sequence(digit(first, last), rest.after(false, false)));
    return new Node.Choice(options);
  }

  private static Node digit(int from, int to) {
    return new Node.Chars(CodePoints.of('0' + from, '0' + to));
  }

  private Node afterWhole(boolean tightLow, boolean tightHigh) {
    Node end = mayEnd(0, tightLow, tightHigh) ? Node.EMPTY : NOTHING;
    if (integer) return end;
    return choice(end, sequence(text("."), fraction(0, tightLow, tightHigh)));
  }

  /**
   * Whether the number may end where its fraction so far is {@code n} digits of the bounds that are
   * tight.
   */
  private boolean mayEnd(int n, boolean tightLow, boolean tightHigh) {
    if (tightLow) {
      boolean equal = isZeroFrom(fraction(low), n);
      if (!equal || lowOpen) return false;
    }
    if (tightHigh && highOpen) {
      return !isZeroFrom(high.map(NumberRange::fraction).orElse(""), n);
    }
    return true;
  }

  private static boolean isZeroFrom(String fraction, int n) {
    for (int i = n; i < fraction.length(); i++) if (fraction.charAt(i) != '0') return false;
    return true;
  }

  private Node fraction(int n, boolean isTightLow, boolean tightHigh) {
    String a = fraction(low);
    String b = high.map(NumberRange::fraction).orElse("");
    // Past its last digit a closed lower bound is met, whatever follows.
    boolean tightLow = isTightLow && (lowOpen || n < a.length());
    int least = n == 0 ? 1 : 0;
    if (!tightLow && !tightHigh) return new Node.Repeat(digit(0, 9), least, MAX_DIGITS);
    if (tightHigh && n >= b.length()) {
      return tightLow || highOpen ? NOTHING : new Node.Repeat(digit(0, 0), least, MAX_DIGITS);
    }
    if (!tightHigh && n >= a.length()) {
      return sequence(
          new Node.Repeat(digit(0, 0), 0, MAX_DIGITS),
          digit(1, 9),
          new Node.Repeat(digit(0, 9), 0, MAX_DIGITS));
    }
    List<Node> options = new ArrayList<>();
    if (n > 0 && mayEnd(n, tightLow, tightHigh)) options.add(Node.EMPTY);
    int from = tightLow && n < a.length() ? a.charAt(n) - '0' : 0;
    int to = tightHigh ? b.charAt(n) - '0' : 9;
    options.add(
        digits(from, to, tightLow, tightHigh, (low2, high2) -> fraction(n + 1, low2, high2)));
    return new Node.Choice(options);
  }
}
