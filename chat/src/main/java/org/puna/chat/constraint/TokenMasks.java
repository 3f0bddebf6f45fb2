package org.puna.chat.constraint;

import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import org.puna.engine.Constraint;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A grammar made ready for one vocabulary: which tokens may follow each state, worked out when
 * first asked and kept. Start a {@link Constraint} for each answer. Safe for use by many threads.
 */
public final class TokenMasks {
  private final Automaton automaton;
  private final TokenTrie trie;
  private final Tokenizer tokenizer;
  private final Map<Automaton.State, long[]> masks = new WeakHashMap<>();

  /**
   * Joins a grammar and a vocabulary.
   *
   * @param trie of the same tokenizer
   */
  public TokenMasks(Automaton automaton, TokenTrie trie, Tokenizer tokenizer) {
    this.automaton = automaton;
    this.trie = trie;
    this.tokenizer = tokenizer;
  }

  /** Returns a constraint at the start of an answer. */
  public Constraint start() {
    return new Answer(automaton.start());
  }

  private synchronized long[] mask(Automaton.State s) {
    return masks.computeIfAbsent(s, x -> walk(x, Integer.MAX_VALUE));
  }

  private long[] walk(Automaton.State s, int budget) {
    return trie.allowed(s, budget, s.accepts() ? tokenizer.endOfGeneration() : new int[0]);
  }

  private final class Answer implements Constraint {
    /**
     * Bytes of the longest token that matter: nearer to the end of the budget than this, each token
     * is checked.
     */
    private static final int LOOK_AHEAD = 64;

    private Automaton.State state;

    Answer(Automaton.State start) {
      state = start;
    }

    @Override
    public long[] allowed(int remaining) {
      // Every byte is a token of its own in a byte-level vocabulary, so n bytes can be said in n
      // tokens.
      if (remaining - 1 > state.distance() + LOOK_AHEAD) return mask(state);
      return walk(state, Math.max(remaining - 1, state.distance() - 1));
    }

    @Override
    public void accept(int token) {
      if (tokenizer.endsGeneration(token)) return;
      for (byte b : tokenizer.bytes(token)) {
        Automaton.@Nullable State next = state.next(b & 0xFF);
        if (next == null) {
          throw new IllegalArgumentException(
              "token " + token + " is not allowed by the grammar here");
        }
        state = next;
      }
    }

    @Override
    public boolean finished() {
      return state.finished();
    }
  }
}
