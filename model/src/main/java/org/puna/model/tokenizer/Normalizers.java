package org.puna.model.tokenizer;

import java.text.Normalizer.Form;
import java.util.List;

/** The normalizers that need no file of their own. */
final class Normalizers {
  private Normalizers() {}

  /** One of Unicode's four normal forms. */
  static Normalizer unicode(Form form) {
    return text ->
        java.text.Normalizer.isNormalized(text, form)
            ? text
            : java.text.Normalizer.normalize(text, form);
  }

  /** One after the other. */
  static Normalizer sequence(List<Normalizer> steps) {
    List<Normalizer> real = steps.stream().filter(s -> !s.equals(Normalizer.NONE)).toList();
    if (real.isEmpty()) return Normalizer.NONE;
    if (real.size() == 1) return real.getFirst();
    return text -> {
      String t = text;
      for (Normalizer step : real) {
        if (t.isEmpty()) return t;
        t = step.apply(t);
      }
      return t;
    };
  }

  /**
   * SentencePiece's treatment of spaces: U+2581 for each, one more in front.
   *
   * @param prefix whether a space is put before the text
   * @param suffix whether it goes behind instead
   * @param squeeze whether spaces at the ends go and runs become one
   */
  static Normalizer sentencePieceSpaces(boolean prefix, boolean suffix, boolean squeeze) {
    return text -> {
      String t = squeeze ? squeeze(text) : text;
      if (t.isEmpty()) return t;
      StringBuilder out = new StringBuilder(t.length() + 1);
      if (prefix && !suffix) out.append('\u2581');
      out.append(t.replace(' ', '\u2581'));
      if (prefix && suffix) out.append('\u2581');
      return out.toString();
    };
  }

  private static String squeeze(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean skipped = out.isEmpty() || out.charAt(out.length() - 1) == ' ';
      if (c != ' ' || !skipped) out.append(c);
    }
    int end = out.length();
    while (end > 0 && out.charAt(end - 1) == ' ') end--;
    return out.substring(0, end);
  }
}
