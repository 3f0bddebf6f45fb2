package org.puna.train.tune;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an answer is worth, from 0 to 1, by a rule that anybody can verify. */
public enum Reward {
  /**
   * 1 where the last number of the answer is that of the reference, such as GSM8K's {@code ####
   * 42}.
   */
  NUMBER {
    @Override
    public double of(String answer, String reference) {
      Optional<BigDecimal> a = lastNumber(answer);
      Optional<BigDecimal> b = lastNumber(reference);
      return a.isPresent() && b.isPresent() && a.get().compareTo(b.get()) == 0 ? 1 : 0;
    }
  },
  /** 1 where the texts are the same but for case and white space. */
  TEXT {
    @Override
    public double of(String answer, String reference) {
      return plain(answer).equals(plain(reference)) ? 1 : 0;
    }
  };

  /** Digits that a number may have: more are no answer, and would take long to compare. */
  private static final int MOST_DIGITS = 30;

  private static final Pattern NUMBER_TEXT = Pattern.compile("-?\\d[\\d,]*(?:\\.\\d+)?");

  /** Returns the reward of an answer. */
  public abstract double of(String answer, String reference);

  private static Optional<BigDecimal> lastNumber(String text) {
    Matcher m = NUMBER_TEXT.matcher(text);
    Optional<BigDecimal> last = Optional.empty();
    while (m.find()) {
      String digits = m.group().replace(",", "");
      last =
          digits.length() <= MOST_DIGITS ? Optional.of(new BigDecimal(digits)) : Optional.empty();
    }
    return last;
  }

  private static String plain(String text) {
    return text.strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
  }
}
