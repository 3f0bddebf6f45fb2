package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Unigram: of all spellings of a piece the one whose tokens have the highest sum of scores
 * (Viterbi). A character that no token spells costs more than any token; neighbours of that kind
 * are one unknown token, or bytes.
 */
final class UnigramModel implements PieceModel {
  /** What an unknown character costs beyond the worst token: SentencePiece's constant. */
  private static final double UNKNOWN_PENALTY = 10.0;

  private final PairTable edges;

  /** For each node of the trie the token that ends there, or -1. */
  private int[] ends = {-1};

  private int nodes = 1;
  private final double[] scores;
  private final double unknownScore;
  private final int unknown;
  private final int[] ofByte;

  /**
   * A model.
   *
   * @param pieces spelling of each token
   * @param used for each token whether text can become it
   * @param scores score of each token
   * @param unknown token of what cannot be spelled, or -1 where it vanishes
   * @param ofByte for each byte the token that spells it, or -1; empty where there are none
   */
  UnigramModel(List<String> pieces, boolean[] used, double[] scores, int unknown, int[] ofByte) {
    this.scores = scores;
    this.unknown = unknown;
    this.ofByte = ofByte;
    edges = new PairTable(pieces.size() * 4);
    double least = Double.POSITIVE_INFINITY;
    for (int id = 0; id < pieces.size(); id++) {
      least = Math.min(least, scores[id]);
      if (used[id]) insert(Utf8.encode(pieces.get(id)), id);
    }
    unknownScore = least - UNKNOWN_PENALTY;
  }

  private void insert(byte[] piece, int id) {
    int node = 0;
    for (byte b : piece) {
      long edge = edges.get(node, b & 0xFF);
      if (edge == PairTable.NONE) {
        if (nodes == ends.length) ends = Arrays.copyOf(ends, nodes * 2);
        edges.put(node, b & 0xFF, 0, nodes);
        ends[nodes] = -1;
        node = nodes++;
      } else {
        node = (int) edge;
      }
    }
    ends[node] = id;
  }

  @Override
  public void encode(byte[] s, int from, int to, Ids out, Work work) {
    int n = to - from;
    double[] best = new double[n + 1];
    int[] start = new int[n + 1];
    int[] token = new int[n + 1];
    Arrays.fill(start, -1);
    for (int p = 0; p < n; p += Utf8.length(s[from + p])) {
      int character = Utf8.length(s[from + p]);
      boolean single = false;
      int node = 0;
      for (int end = p; end < n; ) {
        long edge = edges.get(node, s[from + end] & 0xFF);
        if (edge == PairTable.NONE) break;
        node = (int) edge;
        end++;
        if (ends[node] < 0) continue;
        improve(best, start, token, p, end, best[p] + scores[ends[node]], ends[node]);
        single |= end - p == character;
      }
      if (!single) {
        improve(best, start, token, p, p + character, best[p] + unknownScore, -1);
      }
    }
    Ids backwards = new Ids(16);
    for (int end = n; end > 0; end = start[end]) backwards.add(end);
    int[] borders = backwards.toArray();
    boolean unknownBefore = false;
    for (int i = borders.length - 1; i >= 0; i--) {
      int end = borders[i];
      if (token[end] >= 0) {
        out.add(token[end]);
      } else if (!spellInBytes(s, from + start[end], from + end, out)
          && unknown >= 0
          && !unknownBefore) {
        out.add(unknown);
      }
      unknownBefore = token[end] < 0;
    }
  }

  private static void improve(
      double[] best, int[] start, int[] token, int from, int to, double score, int id) {
    if (start[to] < 0 || score > best[to]) {
      best[to] = score;
      start[to] = from;
      token[to] = id;
    }
  }

  private boolean spellInBytes(byte[] s, int from, int to, Ids out) {
    if (ofByte.length == 0) return false;
    for (int i = from; i < to; i++) if (ofByte[s[i] & 0xFF] < 0) return false;
    for (int i = from; i < to; i++) out.add(ofByte[s[i] & 0xFF]);
    return true;
  }
}
