package org.puna.model.tokenizer;

/**
 * WordPiece: from the left the longest token that fits, again and again; a word that cannot be
 * spelled to its end is one unknown token.
 */
final class WordPieceModel implements PieceModel {
  private final ByteTable starts;
  private final ByteTable continuations;
  private final int unknown;
  private final int mostChars;

  /**
   * A model.
   *
   * @param starts tokens that begin a word, as they are in it
   * @param continuations tokens that go on in a word, without the prefix that marks them
   * @param unknown token of words that cannot be spelled
   * @param mostChars characters beyond which a word is unknown
   */
  WordPieceModel(ByteTable starts, ByteTable continuations, int unknown, int mostChars) {
    this.starts = starts;
    this.continuations = continuations;
    this.unknown = unknown;
    this.mostChars = mostChars;
  }

  @Override
  public void encode(byte[] s, int from, int to, Ids out, Work work) {
    int chars = 0;
    for (int i = from; i < to && chars <= mostChars; i += Utf8.length(s[i])) chars++;
    if (chars > mostChars) {
      out.add(unknown);
      return;
    }
    int size = out.size();
    int p = from;
    while (p < to) {
      ByteTable table = p == from ? starts : continuations;
      int end = Math.min(to, p + table.longest());
      // Not into the midst of a character.
      while (end < to && (s[end] & 0xC0) == 0x80) end--;
      int id = -1;
      while (end > p) {
        id = table.get(s, p, end);
        if (id >= 0) break;
        end--;
        while (end > p && (s[end] & 0xC0) == 0x80) end--;
      }
      if (id < 0) {
        out.truncate(size);
        out.add(unknown);
        return;
      }
      out.add(id);
      p = end;
    }
  }
}
