package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.puna.model.config.BadInput;

/**
 * SentencePiece's BPE: any two neighbours whose text together is a piece may be joined, the piece
 * of highest score first, of equals the leftmost.
 */
final class SentencePieceBpe {
  /** Bytes of a piece, and the sum of their squares, beyond which loading would take too long. */
  private static final int LONGEST = 1024;

  private static final long MOST_WORK = 1L << 31;

  private final String file;
  private final List<String> tokens;
  private final TokenKind[] kinds;
  private final int[] ofByte;
  private final int unknown;
  private final ByteTable table;

  /** Characters that are in pieces but are none: symbols that only lead to some. */
  private final List<byte[]> characters = new ArrayList<>();

  private SentencePieceBpe(
      String file, List<String> tokens, TokenKind[] kinds, int[] ofByte, int unknown) {
    this.file = file;
    this.tokens = tokens;
    this.kinds = kinds;
    this.ofByte = ofByte;
    this.unknown = unknown;
    table = new ByteTable(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      if (joins(id)) table.putIfAbsent(bytes(id), id);
    }
  }

  private byte[] bytes(int id) {
    return Utf8.encode(tokens.get(id));
  }

  /** Whether text can become the token by joining: no marks, no bytes. */
  private boolean joins(int id) {
    return kinds[id] == TokenKind.NORMAL || kinds[id] == TokenKind.UNUSED;
  }

  /** A model that joins by score. */
  static BpeModel of(
      String file,
      List<String> tokens,
      TokenKind[] kinds,
      float[] scores,
      int[] ofByte,
      int unknown) {
    SentencePieceBpe builder = new SentencePieceBpe(file, tokens, kinds, ofByte, unknown);
    return builder.model(builder.byScore(scores));
  }

  /** A model that joins by a list of merges. */
  static BpeModel of(
      String file,
      List<String> tokens,
      TokenKind[] kinds,
      PairTable merges,
      int[] ofByte,
      int unknown) {
    return new SentencePieceBpe(file, tokens, kinds, ofByte, unknown).model(merges);
  }

  private PairTable byScore(float[] scores) {
    float[] sorted = Arrays.copyOf(scores, tokens.size());
    Arrays.sort(sorted);
    PairTable pairs = new PairTable(tokens.size() * 2);
    long work = 0;
    for (int id = 0; id < tokens.size(); id++) {
      if (!joins(id)) continue;
      byte[] token = bytes(id);
      work += (long) token.length * token.length;
      if (token.length > LONGEST || work > MOST_WORK) {
        throw new BadInput(
            file + ": token " + id + " is too long for a piece: " + token.length + " bytes");
      }
      // Equal scores get equal ranks: of them the leftmost pair goes first.
      int rank = higher(sorted, scores[id]);
      for (int cut = Utf8.length(token[0]); cut < token.length; cut += Utf8.length(token[cut])) {
        int left = symbol(token, 0, cut);
        int right = left < 0 ? -1 : symbol(token, cut, token.length);
        if (right >= 0) pairs.put(left, right, rank, id);
      }
    }
    return pairs;
  }

  /** How many scores are above one. */
  private static int higher(float[] sorted, float score) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Float.compare(sorted[middle], score) <= 0) low = middle + 1;
      else high = middle;
    }
    return sorted.length - low;
  }

  private int symbol(byte[] s, int from, int to) {
    int id = table.get(s, from, to);
    if (id >= 0 || Utf8.length(s[from]) != to - from) return id;
    int made = tokens.size() + characters.size();
    byte[] character = Arrays.copyOfRange(s, from, to);
    characters.add(character);
    table.putIfAbsent(character, made);
    return made;
  }

  private BpeModel model(PairTable pairs) {
    boolean bytes = Arrays.stream(ofByte).anyMatch(id -> id >= 0);
    int[][] spelled = new int[characters.size()][];
    for (int i = 0; i < spelled.length; i++) {
      byte[] character = characters.get(i);
      int[] ids = new int[character.length];
      for (int k = 0; k < ids.length; k++) ids[k] = ofByte[character[k] & 0xFF];
      boolean spells = Arrays.stream(ids).allMatch(id -> id >= 0);
      spelled[i] = spells ? ids : unknown >= 0 ? new int[] {unknown} : new int[0];
    }
    boolean[] unused = new boolean[0];
    boolean cuts = true;
    for (int id = 0; id < kinds.length; id++) {
      if (kinds[id] == TokenKind.UNUSED) {
        if (unused.length == 0) unused = new boolean[kinds.length];
        unused[id] = true;
      }
      if (joins(id)) cuts &= !spaceInside(tokens.get(id));
    }
    return new BpeModel(
        table,
        tokens.size(),
        pairs,
        new BpeModel.Rules(
            false, false, bytes ? ofByte : new int[0], unknown, true, "", "", unused, spelled),
        cuts);
  }

  /** Whether a U+2581 follows something else. */
  static boolean spaceInside(String token) {
    int i = 0;
    while (i < token.length() && token.charAt(i) == '\u2581') i++;
    return token.indexOf('\u2581', i) >= 0;
  }
}
