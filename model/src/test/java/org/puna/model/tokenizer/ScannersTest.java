package org.puna.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The state machines against the regular expressions that they stand for. */
class ScannersTest {
  private static final String SPACE =
      "[\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}]";
  private static final String CONTRACTION = "(?:'(?:[sStTmMdD\u017F]|[rRvV][eE]|[lL][lL]))";
  private static final String TAIL = "| ?[^§\\p{L}\\p{N}]+[\\r\\n]*|§*[\\r\\n]+|§+(?!¶)|§+";

  private static Pattern pattern(String regex) {
    String inside = SPACE.substring(1, SPACE.length() - 1);
    return Pattern.compile(
        regex.replace("[^§", "[^" + inside).replace("¶", "[^" + inside + "]").replace("§", SPACE));
  }

  private static final Pattern GPT2 =
      pattern("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^§\\p{L}\\p{N}]+|§+(?!¶)|§+");
  private static final Pattern LLAMA3 =
      pattern(CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + TAIL);
  private static final Pattern QWEN35 =
      pattern(
          CONTRACTION
              + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^§\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
              + "|§*[\\r\\n]+|§+(?!¶)|§+");
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

  private static Pattern cased(String suffix, String digits) {
    String prefix = "[^\\r\\n\\p{L}\\p{N}]?";
    return pattern(
        prefix
            + (UPPER + "*" + LOWER + "+" + suffix + "|" + prefix)
            + (UPPER + "+" + LOWER + "*" + suffix + "|" + digits)
            + TAIL.replace("[\\r\\n]*", "[\\r\\n/]*"));
  }

  private static List<String> byRegex(Pattern pattern, String text) {
    List<String> out = new ArrayList<>();
    Matcher m = pattern.matcher(text);
    while (m.find()) out.add(m.group());
    return out;
  }

  private static List<String> byScanner(Scanner scanner, String text) {
    byte[] s = Utf8.encodePadded(text);
    List<String> out = new ArrayList<>();
    int n = s.length - Utf8.PADDING;
    for (int p = 0; p < n; ) {
      int end = scanner.next(s, p, n);
      assertThat(end).isBetween(p + 1, n);
      out.add(Utf8.decode(s, p, end));
      p = end;
    }
    return out;
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> bits =
        Arbitraries.of(
            "a", "b", "S", "Z", "s", "'s", "'LL", "'re", "'\u017F", "'", " ", "  ", "\t", "\n",
            "\r\n", "/", "1", "23", "½", "Ⅷ", ".", "!!", "—", "é", "É", "e\u0301", "\u0301",
            "\u0902", "ǅ", "ʰ", "ª", "中", "한", "ก", "\u3000", "\u00A0", "\u0085", "\u200B", "🦙",
            "𝔘", "𐐀", "\u180E", "\u2028", "_", "\u0000", "\uFEFF", "\uE000", "\u0378");
    return bits.list().ofMaxSize(12).map(l -> String.join("", l));
  }

  @Property(tries = 6_000)
  void areTheRegularExpressions(@ForAll("texts") String text) {
    assertThat(byScanner(Scanners::gpt2, text)).isEqualTo(byRegex(GPT2, text));
    assertThat(byScanner(Scanners.words(3, false), text)).isEqualTo(byRegex(LLAMA3, text));
    assertThat(byScanner(Scanners.words(1, true), text)).isEqualTo(byRegex(QWEN35, text));
    assertThat(byScanner(Scanners.cased(3, true), text))
        .isEqualTo(byRegex(cased(CONTRACTION + "?", "\\p{N}{1,3}"), text));
    assertThat(byScanner(Scanners.cased(1, false), text))
        .isEqualTo(byRegex(cased("", "\\p{N}"), text));
  }

  @Test
  void longRunsTakeLinearTime() {
    for (String bit : List.of("a", "A", " ", "\n", "中", "ก\u0E31", "\u0301", "1", ".", "🦙")) {
      String text = bit.repeat(1_000_000 / bit.length());
      assertThat(String.join("", byScanner(Scanners.cased(3, true), text))).isEqualTo(text);
      assertThat(String.join("", byScanner(Scanners.words(3, false), text))).isEqualTo(text);
      assertThat(String.join("", byScanner(Scanners::gpt2, text))).isEqualTo(text);
    }
  }
}
