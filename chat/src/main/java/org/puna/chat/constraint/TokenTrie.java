package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.TokenKind;
import org.puna.model.tokenizer.Tokenizer;

/**
 * The bytes of all text tokens of a vocabulary as a trie, laid out in the order of a walk: a node
 * is followed by its subtree, so that a byte that cannot come skips everything below it. Control
 * tokens are not text and not in it.
 */
final class TokenTrie {
  /** Places in states made for one mask: some tenths of a second. */
  private static final long MAX_WORK = 3_000_000;

  private final byte[] label;
  private final short[] depth;
  private final int[] after;
  private final int[] firstToken;
  private final int[] tokens;
  private final int maxDepth;

  /** Builds the trie of some of a tokenizer's text tokens. */
  TokenTrie(Tokenizer tokenizer, IntPredicate which) {
    List<Entry> entries = new ArrayList<>();
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (!isText(tokenizer, id) || !which.test(id)) continue;
      byte[] bytes = tokenizer.bytes(id);
      if (bytes.length > 0 && bytes.length < Short.MAX_VALUE) entries.add(new Entry(bytes, id));
    }
    entries.sort(Comparator.comparing(Entry::bytes, Arrays::compareUnsigned));
    Ints labels = new Ints();
    Ints depths = new Ints();
    Ints first = new Ints();
    tokens = new int[entries.size()];
    byte[] before = new byte[0];
    int deepest = 0;
    for (int i = 0; i < tokens.length; i++) {
      byte[] bytes = entries.get(i).bytes;
      int shared = Math.max(0, Arrays.mismatch(before, bytes));
      if (Arrays.equals(before, bytes)) shared = bytes.length;
      for (int d = shared; d < bytes.length; d++) {
        labels.add(bytes[d]);
        depths.add(d + 1);
        first.add(i);
      }
      tokens[i] = entries.get(i).id;
      deepest = Math.max(deepest, bytes.length);
      before = bytes;
    }
    maxDepth = deepest;
    int n = labels.size();
    label = new byte[n];
    depth = new short[n];
    firstToken = new int[n + 1];
    after = new int[n];
    // A node's tokens end where those of the next node begin; a node made only on the way to a
    // longer token has none.
    firstToken[n] = tokens.length;
    for (int i = 0; i < n; i++) {
      label[i] = (byte) labels.get(i);
      depth[i] = (short) depths.get(i);
      firstToken[i] = first.get(i);
    }
    for (int i = n - 1; i >= 0; i--) {
      int next = i + 1;
      while (next < n && depth[next] > depth[i]) next = after[next];
      after[i] = next;
    }
  }

  private record Entry(byte[] bytes, int id) {}

  /** Returns the number of its tokens. */
  int size() {
    return tokens.length;
  }

  /** Returns whether a token stands for text. */
  static boolean isText(Tokenizer tokenizer, int id) {
    TokenKind kind = tokenizer.kind(id);
    return kind == TokenKind.NORMAL || kind == TokenKind.BYTE || kind == TokenKind.USER_DEFINED;
  }

  /**
   * Allows the tokens whose bytes may follow a state.
   *
   * @param budget bytes that a whole text may need after the token at most; tokens after which it
   *     needs more are left out
   * @param mask bits by id, where they are set
   * @throws BadInput if the grammar is so ambiguous that a step of the model would take seconds
   */
  void allow(Automaton automaton, Automaton.State from, int budget, long[] mask) {
    Automaton.State[] path = new Automaton.State[maxDepth + 1];
    path[0] = from;
    long made = automaton.made();
    for (int i = 0; i < label.length; ) {
      Automaton.State s = path[depth[i] - 1].next(label[i] & 0xFF);
      if (s == null) {
        i = after[i];
        continue;
      }
      path[depth[i]] = s;
      if (s.distance() <= budget) {
        for (int t = firstToken[i]; t < firstToken[i + 1]; t++) {
          mask[tokens[t] >> 6] |= 1L << tokens[t];
        }
      }
      i++;
      if ((i & 0x3F) == 0 && automaton.made() - made > MAX_WORK) {
        throw new BadInput(
            "grammar: too ambiguous: one text can be read in too many ways at once; make its"
                + " alternatives begin differently");
      }
    }
  }

  /** A growing list of numbers. */
  private static final class Ints {
    private int[] data = new int[1024];
    private int size;

    void add(int x) {
      if (size == data.length) data = Arrays.copyOf(data, 2 * size);
      data[size++] = x;
    }

    int get(int i) {
      return data[i];
    }

    int size() {
      return size;
    }
  }
}
