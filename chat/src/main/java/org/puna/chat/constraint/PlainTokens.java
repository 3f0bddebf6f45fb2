package org.puna.chat.constraint;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokens that are whole characters without quotation marks, backslashes and controls: most of a
 * vocabulary. Where a grammar takes any such character, as within the strings of JSON, all of them
 * may come, or those that are short enough, and need not be looked at one by one.
 */
final class PlainTokens {
  /** Characters of the longest token that counts as plain. */
  static final int LONGEST = 32;

  /** What UTF-8 allows after each first byte: pairs of lowest and highest byte. */
  private static final int[][] CHARACTERS = {
    {0x20, 0x21},
    {0x23, 0x5B},
    {0x5D, 0x7E},
    {0xC2, 0xDF, 0x80, 0xBF},
    {0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF},
    {0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF},
    {0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF},
    {0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF},
    {0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
    {0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF},
    {0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF},
  };

  private final long[][] ofAtMost;

  /**
   * Sorts tokens by length.
   *
   * @param lengths characters of each token, 0 where it is not plain
   */
  PlainTokens(int[] lengths) {
    ofAtMost = new long[LONGEST + 1][(lengths.length + 63) / 64];
    for (int id = 0; id < lengths.length; id++) {
      if (lengths[id] == 0) continue;
      for (int n = lengths[id]; n <= LONGEST; n++) ofAtMost[n][id >> 6] |= 1L << id;
    }
  }

  /** Returns the characters of a plain token; 0 if it is not one. */
  static int length(byte[] token) {
    for (byte b : token) if ((b >= 0 && b < 0x20) || b == '"' || b == '\\' || b == 0x7F) return 0;
    try {
      String s = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(token)).toString();
      int n = s.codePointCount(0, s.length());
      return n <= LONGEST ? n : 0;
    } catch (CharacterCodingException e) {
      return 0;
    }
  }

  /** Returns the plain tokens of at most so many characters. */
  long[] ofAtMost(int characters) {
    return ofAtMost[Math.min(characters, LONGEST)].clone();
  }

  /**
   * Returns how many plain characters, whichever they are, may follow a state, {@link #LONGEST} at
   * most, where after them none may; −1 where it depends on which they are, or a whole text would
   * need more bytes than a budget.
   */
  static int run(Automaton.State from, int budget) {
    Automaton.State s = from;
    for (int n = 0; n < LONGEST; n++) {
      Next next = s.plain();
      switch (next) {
        case Next.Mixed _ -> {
          return -1;
        }
        case Next.None _ -> {
          return n;
        }
        case Next.All(Automaton.State to) -> {
          if (to.distance() > budget) return -1;
          if (to == s) return LONGEST;
          s = to;
        }
      }
    }
    return LONGEST;
  }

  /** What plain characters lead to. */
  sealed interface Next {
    /** Nowhere. */
    record None() implements Next {}

    /** Not all to the same place. */
    record Mixed() implements Next {}

    /**
     * All to one state.
     *
     * @param to the state
     */
    record All(Automaton.State to) implements Next {}
  }

  /** Works out what plain characters lead to from a state. */
  static Next next(Automaton.State from) {
    List<Automaton.State> to = new ArrayList<>();
    boolean dead = false;
    for (int[] character : CHARACTERS) {
      dead |= !collect(from, character, 0, to);
      if (to.size() > 1 || (dead && !to.isEmpty())) return new Next.Mixed();
    }
    return to.isEmpty() ? new Next.None() : new Next.All(to.getFirst());
  }

  /** Adds the states after all bytes of a character; false if some way there ends. */
  private static boolean collect(
      Automaton.State from, int[] character, int at, List<Automaton.State> to) {
    if (at == character.length) {
      if (!to.contains(from)) to.add(from);
      return true;
    }
    boolean alive = true;
    int group = -1;
    for (int b = character[at]; b <= character[at + 1] && to.size() < 2; b++) {
      if (from.group(b) == group) continue;
      group = from.group(b);
      Automaton.State next = from.next(b);
      alive &= next != null && collect(next, character, at + 2, to);
    }
    return alive;
  }
}
