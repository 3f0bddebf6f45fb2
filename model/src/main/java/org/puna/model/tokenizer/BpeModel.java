package org.puna.model.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Byte-pair encoding of a piece: it begins as bytes (byte-level) or characters, neighbours are
 * joined by rank, and what is left is looked up, spelled in bytes, or unknown.
 */
final class BpeModel implements PieceModel {
  /**
   * How a model spells and joins.
   *
   * @param byteLevel whether a piece begins as bytes; otherwise as characters
   * @param wholeFirst whether a piece that is a token as it stands is that token, whatever the
   *     merges would make of it ({@code ignore_merges}; tiktoken)
   * @param byteFallback for each byte the token that spells it, or -1; empty where there are none
   * @param unknown token of characters that nothing spells, or -1 where they vanish
   * @param fuseUnknown whether neighbouring unknown characters are one token
   * @param prefix what a symbol has in front that does not begin a piece
   * @param suffix what a symbol has behind that ends a piece
   * @param unused for each symbol whether it is taken apart again; empty where none is
   * @param spelled for each symbol beyond the vocabulary the tokens that it is written as
   */
  record Rules(
      boolean byteLevel,
      boolean wholeFirst,
      int[] byteFallback,
      int unknown,
      boolean fuseUnknown,
      String prefix,
      String suffix,
      boolean[] unused,
      int[][] spelled) {
    /** Byte-level BPE where every byte has a token. */
    static Rules byteLevel(boolean wholeFirst) {
      return new Rules(
          true, wholeFirst, new int[0], -1, false, "", "", new boolean[0], new int[0][]);
    }
  }

  /** SentencePiece's U+2581 for a space, in UTF-8. */
  private static final byte[] SPACE = "\u2581".getBytes(StandardCharsets.UTF_8);

  private final ByteTable vocabulary;
  private final PairTable pairs;
  private final Rules rules;
  private final int vocabSize;
  private final int[] ofByte = new int[256];
  private final byte[] prefix;
  private final byte[] suffix;

  /** Whether no merge reaches from before a U+2581 to it, so that texts can be cut there. */
  private final boolean cutsAtSpaces;

  private final PieceCache cache = new PieceCache();

  /**
   * A model.
   *
   * @param vocabulary bytes of each symbol to its id; ids from {@code vocabSize} on are symbols
   *     that are no tokens and only lead to some
   * @param vocabSize number of tokens
   * @param pairs merges
   * @param rules the rest
   * @param cutsAtSpaces whether no merge joins something to a U+2581 that follows another character
   */
  BpeModel(
      ByteTable vocabulary, int vocabSize, PairTable pairs, Rules rules, boolean cutsAtSpaces) {
    this.vocabulary = vocabulary;
    this.vocabSize = vocabSize;
    this.pairs = pairs;
    this.rules = rules;
    this.cutsAtSpaces = cutsAtSpaces;
    byte[] one = new byte[1];
    for (int b = 0; b < 256; b++) {
      one[0] = (byte) b;
      ofByte[b] = vocabulary.get(one, 0, 1);
    }
    prefix = rules.prefix.getBytes(StandardCharsets.UTF_8);
    suffix = rules.suffix.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void encode(byte[] s, int from, int to, Ids out, Work work) {
    if (!cutsAtSpaces) {
      encodeCached(s, from, to, out, work);
      return;
    }
    int start = from;
    for (int p = from + 1; p < to; p++) {
      if (s[p] == SPACE[0] && spaceAt(s, p, to) && !(p >= from + 3 && spaceAt(s, p - 3, to))) {
        encodeCached(s, start, p, out, work);
        start = p;
      }
    }
    encodeCached(s, start, to, out, work);
  }

  private static boolean spaceAt(byte[] s, int p, int to) {
    return p + 3 <= to && s[p] == SPACE[0] && s[p + 1] == SPACE[1] && s[p + 2] == SPACE[2];
  }

  private void encodeCached(byte[] s, int from, int to, Ids out, Work work) {
    int length = to - from;
    if (length > PieceCache.LONGEST) {
      encodeFresh(s, from, to, out, work);
      return;
    }
    long low = PieceCache.low(s, from, length);
    long high = PieceCache.high(s, from, length);
    int[] ids = cache.get(low, high);
    if (ids == null) {
      int size = out.size();
      encodeFresh(s, from, to, out, work);
      cache.put(low, high, out.tail(size));
    } else if (ids.length == 1) {
      out.add(ids[0]);
    } else {
      out.addAll(ids);
    }
  }

  private void encodeFresh(byte[] s, int from, int to, Ids out, Work work) {
    if (rules.wholeFirst) {
      int id = vocabulary.get(s, from, to);
      if (id >= 0 && id < vocabSize) {
        out.add(id);
        return;
      }
    }
    Merger merger = work.merger;
    merger.clear();
    if (rules.byteLevel && prefix.length == 0 && suffix.length == 0) {
      for (int i = from; i < to; i++) {
        int symbol = ofByte[s[i] & 0xFF];
        if (symbol >= 0) merger.add(symbol);
        else unknown(s, i, i + 1, merger);
      }
    } else {
      characters(s, from, to, merger);
    }
    merger.merge(pairs, rules.unused);
    for (int i = 0; i < merger.size; i++) emit(merger.symbols[i], out, merger, 0);
  }

  private void characters(byte[] s, int from, int to, Merger merger) {
    for (int p = from; p < to; ) {
      int next = rules.byteLevel ? p + 1 : p + Utf8.length(s[p]);
      int symbol = symbol(s, p, next, p > from, next == to);
      if (symbol >= 0) merger.add(symbol);
      else unknown(s, p, next, merger);
      p = next;
    }
  }

  private int symbol(byte[] s, int from, int to, boolean inside, boolean last) {
    if (prefix.length == 0 && suffix.length == 0) return vocabulary.get(s, from, to);
    int before = inside ? prefix.length : 0;
    int after = last ? suffix.length : 0;
    byte[] spelled = Arrays.copyOf(prefix, before + to - from + after);
    System.arraycopy(s, from, spelled, before, to - from);
    System.arraycopy(suffix, 0, spelled, before + to - from, after);
    return vocabulary.get(spelled, 0, spelled.length);
  }

  private void unknown(byte[] s, int from, int to, Merger merger) {
    if (rules.byteFallback.length > 0) {
      boolean all = true;
      for (int i = from; i < to; i++) all &= rules.byteFallback[s[i] & 0xFF] >= 0;
      if (all) {
        for (int i = from; i < to; i++) merger.add(rules.byteFallback[s[i] & 0xFF]);
        return;
      }
    }
    if (rules.unknown < 0) return;
    boolean again = merger.size > 0 && merger.symbols[merger.size - 1] == rules.unknown;
    if (!(rules.fuseUnknown && again)) merger.add(rules.unknown);
  }

  /** Writes a symbol, or where it is only a step on the way, what it is made of. */
  private void emit(int symbol, Ids out, Merger merger, int depth) {
    if (symbol >= vocabSize) {
      out.addAll(rules.spelled[symbol - vocabSize]);
      return;
    }
    boolean unused = symbol < rules.unused.length && rules.unused[symbol];
    Long origin = unused ? merger.origins.get(symbol) : null;
    if (origin == null || depth > vocabulary.longest()) {
      out.add(symbol);
    } else {
      emit((int) (origin >>> 32), out, merger, depth + 1);
      emit((int) (long) origin, out, merger, depth + 1);
    }
  }
}
