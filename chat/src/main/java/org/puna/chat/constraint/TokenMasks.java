package org.puna.chat.constraint;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.puna.engine.Constraint;

/**
 * A grammar made ready for one vocabulary: which tokens may follow each state, worked out when
 * first asked and kept. Start a {@link Constraint} for each answer. Safe for use by many threads.
 */
public final class TokenMasks {
  private final Automaton automaton;
  private final Alphabet alphabet;
  private final int owner;

  /** Joins a grammar and a vocabulary. */
  public TokenMasks(Automaton automaton, Alphabet alphabet) {
    this.automaton = automaton;
    this.alphabet = alphabet;
    this.owner = alphabet.masks().newOwner();
    // Here the caller waits, later the whole engine would.
    alphabet.prepare();
  }

  /** Returns a constraint at the start of an answer. */
  public Constraint start() {
    return new Answer(automaton.start());
  }

  /** Returns a measure of the memory that the compiled grammar takes. */
  public int size() {
    return automaton.size();
  }

  private long[] mask(Automaton.State s) {
    return alphabet
        .masks()
        .get(owner, s.id())
        .orElseGet(() -> {
          long[] mask = alphabet.allowed(automaton, s, Integer.MAX_VALUE);
          alphabet.masks().put(owner, s.id(), mask);
          return mask;
        });
  }

  private final class Answer implements Constraint {
    /**
     * Bytes of the longest token that matter: nearer to the end of the budget than this, each token
     * is checked.
     */
    private static final int LOOK_AHEAD = 64;

    /** Bytes that are looked at together at most. */
    private static final int LONGEST_FORCED = 256;

    private Automaton.State state;

    Answer(Automaton.State start) {
      state = start;
    }

    @Override
    public long[] allowed(int remaining) {
      // Every byte is a token of its own in a byte-level vocabulary, so n bytes can be said in n
      // tokens.
      if (remaining - 1 > state.distance() + LOOK_AHEAD) return mask(state);
      return alphabet.allowed(automaton, state, Math.max(remaining - 1, state.distance() - 1));
    }

    /**
     * The tokenizer's own spelling of the bytes that must come, but for the last token, which might
     * have been a longer one together with what the model says next.
     */
    @Override
    public int[] forced(int remaining) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      Automaton.State s = state;
      while (bytes.size() < LONGEST_FORCED) {
        int only = s.onlyByte();
        Automaton.@Nullable State next = only < 0 ? null : s.next(only);
        if (next == null) break;
        bytes.write(only);
        s = next;
      }
      if (bytes.size() < 2) return new int[0];
      byte[] must = bytes.toByteArray();
      int[] ids = alphabet.tokenizer().encode(new String(must, StandardCharsets.UTF_8), false);
      int n = s.finished() ? ids.length : ids.length - 1;
      int at = 0;
      for (int i = 0; i < n; i++) {
        byte[] piece = alphabet.tokenizer().bytes(ids[i]);
        // A blank that marks the beginning of a text, or bytes that are no text, cannot be forced.
        if (!Arrays.equals(
            piece, 0, piece.length, must, at, Math.min(must.length, at + piece.length))) {
          return Arrays.copyOf(ids, i);
        }
        at += piece.length;
      }
      return Arrays.copyOf(ids, Math.max(0, Math.min(n, remaining)));
    }

    @Override
    public void accept(int token) {
      if (alphabet.ends(token)) return;
      int mark = alphabet.symbol(token);
      if (mark >= 0) {
        move(mark, token);
        return;
      }
      for (byte b : alphabet.tokenizer().bytes(token)) move(b & 0xFF, token);
    }

    private void move(int symbol, int token) {
      Automaton.@Nullable State next = state.next(symbol);
      if (next == null) {
        throw new IllegalArgumentException(
            "token " + token + " is not allowed by the grammar here");
      }
      state = next;
    }

    @Override
    public boolean finished() {
      return state.finished();
    }
  }
}
