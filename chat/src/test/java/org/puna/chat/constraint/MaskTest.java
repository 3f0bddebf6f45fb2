package org.puna.chat.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.puna.engine.Constraint;
import org.puna.model.config.BadInput;
import tools.jackson.databind.json.JsonMapper;

/** Masks against matching each token by itself, byte by byte. */
@Timeout(120)
class MaskTest {
  private static final Pieces PIECES =
      new Pieces(
          "{\"",
          "\":",
          " the",
          "name",
          "é",
          "日本",
          "日\"",
          "\n\n",
          "a\\n",
          "    ",
          "x".repeat(33),
          "x".repeat(32),
          " ".repeat(100),
          "🦙",
          "12",
          "0.5",
          "ab ",
          "\u007f",
          "true",
          "}}",
          "\"}");

  private final Alphabet alphabet = new Alphabet(PIECES, Set.of(PIECES.end()), List.of());

  private static List<Grammar> grammars() {
    List<Grammar> all = new ArrayList<>();
    for (String schema :
        new String[] {
          "{\"type\":\"object\"}",
          "{\"type\":\"string\"}",
          "{\"type\":\"string\",\"minLength\":3,\"maxLength\":40}",
          "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"string\"]}}",
          "{\"enum\":[\"the name\",\"the\",true,12]}"
        }) {
      all.add(JsonSchema.compile(new JsonMapper().readTree(schema)));
    }
    for (String regex : new String[] {".{3,60}", "[^x]*", "[a-zé]{1,9} ?", "(日|x|\\s){20,50}"}) {
      all.add(Grammar.ofRegex(regex));
    }
    return all;
  }

  private static long[] bruteForce(Automaton.State from, int budget) {
    long[] mask = new long[(PIECES.vocabSize() + 63) / 64];
    for (int id = 0; id < PIECES.vocabSize(); id++) {
      if (id == PIECES.end()) {
        if (from.accepts()) mask[id >> 6] |= 1L << id;
        continue;
      }
      Automaton.State s = from;
      for (byte b : PIECES.bytes(id)) if (s != null) s = s.next(b & 0xFF);
      if (s != null && s.distance() <= budget) mask[id >> 6] |= 1L << id;
    }
    return mask;
  }

  @Test
  void masksAreWhatMatchingByteByByteSays() {
    Random random = new Random(5);
    for (Grammar g : grammars()) {
      Automaton automaton = new Automaton(g);
      for (int answer = 0; answer < 6; answer++) {
        Automaton.State s = automaton.start();
        for (int step = 0; step < 40 && !s.finished(); step++) {
          for (int budget : new int[] {Integer.MAX_VALUE, s.distance() + random.nextInt(40)}) {
            assertThat(alphabet.allowed(automaton, s, budget)).isEqualTo(bruteForce(s, budget));
          }
          s = step(s, random);
        }
      }
    }
  }

  /** A byte that may come, drawn at random. */
  private static Automaton.State step(Automaton.State s, Random random) {
    while (true) {
      Automaton.State next = s.next(random.nextInt(256));
      if (next != null) return next;
    }
  }

  @Test
  void aByteThatMustComeIsTheOnlyOne() {
    Random random = new Random(6);
    for (Grammar g : grammars()) {
      Automaton.State s = new Automaton(g).start();
      for (int step = 0; step < 60 && !s.finished(); step++) {
        int only = s.onlyByte();
        List<Integer> alive = new ArrayList<>();
        for (int b = 0; b < 256; b++) if (s.next(b) != null) alive.add(b);
        if (only >= 0) assertThat(alive).containsExactly(only);
        else assertThat(alive.size() != 1 || s.accepts()).isTrue();
        s = step(s, random);
      }
    }
  }

  @Test
  void marksAreTakenOnlyWhereTheGrammarHasThem() {
    Pieces pieces = new Pieces();
    Alphabet a = new Alphabet(new MarkedPieces(pieces), Set.of(), List.of("<end>"));
    Grammar g = Grammar.of(Grammar.Node.sequence(Grammar.Node.text("x"), a.mark("<end>")));
    Constraint c = new TokenMasks(new Automaton(g), a).start();
    assertThat(bits(c.allowed(10))).containsExactly((int) 'x');
    c.accept('x');
    assertThat(bits(c.allowed(10))).containsExactly(pieces.end());
    c.accept(pieces.end());
    assertThat(c.finished()).isTrue();
  }

  private static List<Integer> bits(long[] mask) {
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < 64 * mask.length; i++) if ((mask[i >> 6] >>> i & 1) != 0) out.add(i);
    return out;
  }

  @Test
  void whatIsTooAmbiguousFailsInTime() {
    String source = "root ::= " + "a{0,40} ".repeat(40) + "\na ::= [a-z]{0,9}";
    assertThatThrownBy(
            () -> {
              Constraint c = new TokenMasks(new Automaton(Gbnf.parse(source)), alphabet).start();
              for (int i = 0; i < 200; i++) {
                c.allowed(10_000);
                for (byte b : "ab".getBytes(StandardCharsets.UTF_8)) c.accept(b);
              }
            })
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("too ambiguous");
  }

  @Test
  void aGrammarOfManyRulesIsReadInTime() {
    StringBuilder source = new StringBuilder("root ::= r0 \"x\"\n");
    int n = 20_000;
    for (int i = 0; i < n; i++) source.append("r%d ::= r%d?\n".formatted(i, i + 1));
    source.append("r%d ::= \"a\"?".formatted(n));
    // Every rule may be where the answer starts, which is more than a state may hold.
    assertThatThrownBy(() -> new Automaton(Gbnf.parse(source.toString())))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("too ambiguous");
  }
}
