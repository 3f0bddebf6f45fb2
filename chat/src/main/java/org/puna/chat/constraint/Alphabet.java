package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;

/**
 * What a model can say: the bytes of its text tokens and some control tokens, called marks, that
 * grammars may ask for. Keeps the masks of all grammars over it. Safe for use by many threads.
 */
public final class Alphabet {
  private final Tokenizer tokenizer;
  private final Set<Integer> ends;
  private final List<Integer> markTokens = new ArrayList<>();
  private final Map<String, Integer> markNumbers = new HashMap<>();
  private final Map<Integer, Integer> symbols = new HashMap<>();
  private final MaskCache masks = new MaskCache();
  private @Nullable Tokens tokens;

  /**
   * The alphabet of a tokenizer.
   *
   * @param ends ids that end an answer
   * @param spellings of control tokens that grammars may ask for; those that are text here, or that
   *     the vocabulary lacks, stay text
   */
  public Alphabet(Tokenizer tokenizer, Set<Integer> ends, Collection<String> spellings) {
    this.tokenizer = tokenizer;
    this.ends = Set.copyOf(ends);
    for (String s : spellings) {
      OptionalInt id = tokenizer.id(s);
      if (id.isEmpty() || tokenizer.kind(id.getAsInt()) != TokenKind.CONTROL) continue;
      markNumbers.put(s, markTokens.size());
      symbols.put(id.getAsInt(), Network.FIRST_MARK + markTokens.size());
      markTokens.add(id.getAsInt());
    }
  }

  /** Returns the mark of a spelling, or the spelling as text where it is no control token here. */
  public Grammar.Node mark(String spelling) {
    Integer number = markNumbers.get(spelling);
    return number == null ? Grammar.Node.text(spelling) : new Grammar.Node.Mark(number);
  }

  /** Returns whether a spelling is a control token here. */
  public boolean isMark(String spelling) {
    return markNumbers.containsKey(spelling);
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  boolean ends(int token) {
    return ends.contains(token);
  }

  MaskCache masks() {
    return masks;
  }

  /** The symbol of a mark's token; −1 for a text token. */
  int symbol(int token) {
    return symbols.getOrDefault(token, -1);
  }

  /** Sorts the tokens, which takes tenths of a second for a large vocabulary, once. */
  void prepare() {
    Tokens sorted = tokens();
    assert sorted.odd.size() <= sorted.all.size();
  }

  /** The tokens in the orders in which masks are made. */
  private record Tokens(PlainTokens plain, TokenTrie odd, TokenTrie all) {}

  /** Returns the tokens, sorted when first asked for: most conversations never need it. */
  private synchronized Tokens tokens() {
    if (tokens == null) {
      int[] lengths = new int[tokenizer.vocabSize()];
      for (int id = 0; id < lengths.length; id++) {
        if (TokenTrie.isText(tokenizer, id)) lengths[id] = PlainTokens.length(tokenizer.bytes(id));
      }
      tokens =
          new Tokens(
              new PlainTokens(lengths),
              new TokenTrie(tokenizer, id -> lengths[id] == 0),
              new TokenTrie(tokenizer, _ -> true));
    }
    return tokens;
  }

  /** Returns what may follow a state, the end of the answer included where the text is whole. */
  long[] allowed(Automaton automaton, Automaton.State from, int budget) {
    Tokens t = tokens();
    int run = PlainTokens.run(from, budget);
    long[] mask;
    if (run > 0) {
      mask = t.plain.ofAtMost(run);
      t.odd.allow(automaton, from, budget, mask);
    } else {
      mask = new long[(tokenizer.vocabSize() + 63) / 64];
      t.all.allow(automaton, from, budget, mask);
    }
    if (from.accepts()) for (int id : ends) allow(mask, id);
    for (int m = 0; m < markTokens.size(); m++) {
      Automaton.State next = from.next(Network.FIRST_MARK + m);
      if (next != null && next.distance() <= budget) allow(mask, markTokens.get(m));
    }
    return mask;
  }

  private static void allow(long[] mask, int id) {
    if (id >= 0 && id >> 6 < mask.length) mask[id >> 6] |= 1L << id;
  }
}
