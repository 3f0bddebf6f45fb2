package org.puna.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;

class RegexTest {
  private static List<String> finds(String regex, String text) {
    Regex.Finder finder = Regex.compile(regex, "test").finder(text);
    List<String> out = new ArrayList<>();
    while (finder.find()) out.add(text.substring(finder.start(), finder.end()));
    return out;
  }

  /** Expressions that the JDK understands in the same way. */
  @Provide
  Arbitrary<String> regexes() {
    Arbitrary<String> atoms =
        Arbitraries.of(
            "a",
            "b",
            "c",
            "[ab]",
            "[^a]",
            ".",
            "a?",
            "b*",
            "c+",
            "a{2,3}",
            "b??",
            "c*?",
            "(?=b)",
            "(?!c)",
            "(?<=a)",
            "a++",
            "(?>ab|a)",
            "(?:a|ab)",
            "(?:b|c)*",
            "(?i:A)",
            "\\b");
    return atoms
        .list()
        .ofMinSize(1)
        .ofMaxSize(4)
        .map(l -> String.join("", l))
        .list()
        .ofMinSize(1)
        .ofMaxSize(3)
        .map(l -> String.join("|", l));
  }

  @Property(tries = 5000)
  void agreesWithTheJdk(@ForAll("regexes") String regex, @ForAll("words") String text) {
    Matcher m = Pattern.compile(regex).matcher(text);
    List<String> expected = new ArrayList<>();
    int end = -1;
    while (m.find()) {
      // Oniguruma's iterator leaves out an empty find right behind another; the JDK gives it.
      if (m.end() > m.start() || m.start() != end) expected.add(m.group());
      end = m.end();
    }
    assertThat(finds(regex, text)).as(regex + " in " + text).isEqualTo(expected);
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings().withChars("abc").ofMaxLength(8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "(?i:'s|'t);it'S o'clock 'ſx;'S|'ſ",
        "\\p{Han}+;ab中文c漢;中文|漢",
        "[\\p{L}&&[^a-c]]+;abcdefé;defé",
        "[[:alpha:]]+;ab1é;ab|é",
        "\\x{4E2D}|\\u6587;中文;中|文",
        "^b;a~b;b",
        "(?m:a.b);a~b;a~b",
        "\\p{^L}+;ab12;12",
        "\\P{L}+;ab12;12",
        "[a\\-z]+;a-z;a-z",
        "[]a]+;]a;]a",
        "\\d{1,3}(?=(?:\\d{3})*\\b);1234567;1|234|567"
      })
  void knowsOnigurumasWays(String regex, String text, String finds) {
    assertThat(finds(regex, text.replace('~', '\n')))
        .isEqualTo(List.of(finds.replace('~', '\n').split("\\|")));
  }

  @Test
  void aMegabyteNeitherOverflowsNorHangs() {
    assertThat(finds("(?:a|b)+", "ab".repeat(500_000))).hasSize(1);
    assertThat(finds("(?:a*)*b", "a".repeat(100_000))).isEmpty();
    assertThat(finds("\\s+$", " ".repeat(1_000_000) + "x")).isEmpty();
    assertThat(finds("(x+x+)+y", "x".repeat(20_000))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        ")",
        "[a",
        "a**b(",
        "(?<n>a)\\1",
        "\\p{Nonsense}",
        "*",
        "{1}+(",
        "a{3,1}",
        "[b-a]",
        "\\",
        "(?z)",
        "\\x{110000}"
      })
  void damageIsNamed(String regex) {
    assertThatThrownBy(() -> Regex.compile(regex, "x.json"))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.json");
  }

  @Test
  void nestingAndRepetitionAreBounded() {
    assertThatThrownBy(() -> Regex.compile("(".repeat(5000), "x")).isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> Regex.compile("((a{999}){999}){999}", "x"))
        .isInstanceOf(BadInput.class);
    assertThatThrownBy(() -> Regex.compile("[".repeat(5000), "x")).isInstanceOf(BadInput.class);
  }
}
