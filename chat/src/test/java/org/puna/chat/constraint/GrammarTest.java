package org.puna.chat.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.chat.constraint.Grammar.Node;
import org.puna.model.config.BadInput;

class GrammarTest {
  @Test
  void arithmeticInGbnf() {
    Grammar g =
        Gbnf.parse(
            """
            # sums
            root ::= sum "\\n"?
            sum  ::= term (("+" | "-") term)*   # a comment
            term ::= number
                   | "(" sum ")"
            number ::= "-"? [0-9]{1,3} | [xyzé]
            """);
    for (String yes : new String[] {"1", "1+2", "(1-(2+x))", "-999\n", "é+y"}) {
      assertThat(RandomAnswers.matches(g, yes)).as(yes).isTrue();
    }
    for (String no : new String[] {"", "1+", "(1", "1000", "1)", "1\n\n", "è"}) {
      assertThat(RandomAnswers.matches(g, no)).as(no).isFalse();
    }
    RandomAnswers answers = new RandomAnswers(g, 5);
    for (int i = 0; i < 100; i++) {
      String answer = answers.draw(40);
      assertThat(RandomAnswers.matches(g, answer)).as(answer).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= root \"a\" | \"b\"",
        "root ::= a \"x\"\na ::= b? root | \"y\"\nb ::= \"z\"",
        "root ::= \"a",
        "root ::= [a-",
        "root ::= missing",
        "other ::= \"a\"",
        "root ::= \"a\" )",
        "root = \"a\"",
        "root ::= \"a\"{5,2}",
        "root ::= (((\"a\"{1000}){1000}){1000})",
        "root ::= \"a\" root",
      })
  void badGrammarsAreOneLine(String source) {
    assertThatThrownBy(() -> new Automaton(Gbnf.parse(source)))
        .isInstanceOf(BadInput.class)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a-c]+x?",
        "(ab|cd){2,3}",
        "\\d{1,2}:\\w*",
        "[^\\s\\d]a",
        "a|b|",
        "(?:x|yz)*?w",
        "\\u00e9[\\x41-\\x43]",
        "[\\]\\-a]",
        "a{0}b",
        "\\.\\*",
      })
  void regularExpressionsMatchAsJavaDoes(String regex) {
    Grammar g = new Grammar(Map.of("root", RegexParser.whole(regex)), "root");
    Pattern java = Pattern.compile(regex);
    RandomAnswers answers = new RandomAnswers(g, 7);
    java.util.Random random = new java.util.Random(regex.hashCode());
    String alphabet = "abcdxyzw:0189é ABC]-.*";
    for (int i = 0; i < 300; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(6); n > 0; n--)
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      assertThat(RandomAnswers.matches(g, text.toString()))
          .as("%s on \"%s\"", regex, text)
          .isEqualTo(java.matcher(text).matches());
      String answer = answers.draw(30);
      assertThat(java.matcher(answer).matches()).as("%s on \"%s\"", regex, answer).isTrue();
    }
  }

  @Test
  void everyCharacterIsSpelledByExactlyItsRanges() {
    CodePoints set = CodePoints.of(0x41, 0x10123);
    Grammar g = new Grammar(Map.of("root", new Node.Chars(set)), "root");
    for (int c = 0; c <= 0x10FFFF; c += 61) {
      if (c >= 0xD800 && c <= 0xDFFF) continue;
      assertThat(RandomAnswers.matches(g, Character.toString(c)))
          .as("%x", c)
          .isEqualTo(set.contains(c));
    }
  }

  @Test
  void anAnswerIsLedToItsEnd() {
    Grammar g = Gbnf.parse("root ::= \"[\" root \"]\" | \"x\" [a-z]* \"END\"");
    RandomAnswers answers = new RandomAnswers(g, 3);
    for (int budget = 4; budget < 60; budget++) {
      String answer = answers.draw(budget);
      assertThat(RandomAnswers.matches(g, answer)).as("%d: %s", budget, answer).isTrue();
    }
  }
}
