package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds tokens that are spelled out in a text, before anything else looks at it: at the leftmost
 * place the longest one.
 */
final class AddedTokens {
  /**
   * A token that is found by its spelling.
   *
   * @param content what is looked for
   * @param id its id
   * @param special whether it is looked for only where special tokens are parsed
   * @param normalized whether it is looked for in the normalised text rather than in the text
   * @param singleWord whether a letter or digit beside it spoils the find
   * @param stripLeft whether spaces before it go with it
   * @param stripRight whether spaces after it go with it
   */
  record Added(
      String content,
      int id,
      boolean special,
      boolean normalized,
      boolean singleWord,
      boolean stripLeft,
      boolean stripRight) {
    /** A token without any of the fine print. */
    static Added of(String content, int id, boolean special) {
      return new Added(content, id, special, false, false, false, false);
    }

    Added withContent(String content) {
      return new Added(content, id, special, normalized, singleWord, stripLeft, stripRight);
    }
  }

  /** What {@link #split} reports, in order and without gaps. */
  interface Parts {
    /** A stretch of text without tokens, never empty. */
    void text(int from, int to);

    /** A token that was found. */
    void token(int id);
  }

  private final List<Added> tokens;

  /** Trie over UTF-16: (node, char) to node. Node 0 is the root. */
  private final PairTable edges;

  /** For each node the index of the token that ends there, or -1. */
  private int[] ends = {-1};

  private int nodes = 1;
  private final boolean[] firstAscii = new boolean[128];
  private boolean firstOther;

  /** For the same content the first token of the list counts. */
  AddedTokens(List<Added> tokens) {
    this.tokens = List.copyOf(tokens);
    edges = new PairTable(tokens.size() * 8);
    for (int i = 0; i < this.tokens.size(); i++) insert(this.tokens.get(i).content, i);
  }

  boolean isEmpty() {
    return tokens.isEmpty();
  }

  private void insert(String content, int index) {
    if (content.isEmpty()) return;
    char first = content.charAt(0);
    if (first < 128) firstAscii[first] = true;
    else firstOther = true;
    int node = 0;
    for (int i = 0; i < content.length(); i++) {
      long edge = edges.get(node, content.charAt(i));
      if (edge == PairTable.NONE) {
        edges.put(node, content.charAt(i), 0, nodes);
        if (nodes == ends.length) {
          ends = Arrays.copyOf(ends, nodes * 2);
        }
        ends[nodes] = -1;
        node = nodes++;
      } else {
        node = (int) edge;
      }
    }
    if (ends[node] < 0) ends[node] = index;
  }

  /** Cuts a text into tokens and what is between them. */
  void split(String text, Parts parts) {
    int n = text.length();
    int done = 0;
    int p = 0;
    while (p < n) {
      char c = text.charAt(p);
      Added found = (c < 128 ? firstAscii[c] : firstOther) ? longestAt(text, p) : null;
      if (found == null) {
        p++;
        continue;
      }
      int start = p;
      int end = p + found.content.length();
      p = end;
      if (found.singleWord && !alone(text, start, end)) continue;
      if (found.stripLeft) {
        while (start > done && isSpace(text, start - 1)) start--;
      }
      if (found.stripRight) {
        while (end < n && isSpace(text, end)) end++;
      }
      if (start > done) parts.text(done, start);
      parts.token(found.id);
      done = end;
      p = Math.max(p, end);
    }
    if (done < n) parts.text(done, n);
  }

  private @Nullable Added longestAt(String text, int from) {
    int node = 0;
    int best = -1;
    for (int p = from; p < text.length(); p++) {
      long edge = edges.get(node, text.charAt(p));
      if (edge == PairTable.NONE) break;
      node = (int) edge;
      if (ends[node] >= 0) best = ends[node];
    }
    return best < 0 ? null : tokens.get(best);
  }

  private static boolean isSpace(String text, int at) {
    return CharClass.isSpace(text.charAt(at));
  }

  private static boolean alone(String text, int start, int end) {
    return (start == 0 || !CharSet.isRustWord(text.codePointBefore(start)))
        && (end == text.length() || !CharSet.isRustWord(text.codePointAt(end)));
  }
}
