package org.puna.model.tokenizer;

/** Spells one piece of text in tokens. Shared between threads; what changes is in the work. */
interface PieceModel {
  /**
   * Appends the ids of a piece.
   *
   * @param s well-formed UTF-8 with {@link Utf8#PADDING} bytes after its end
   * @param from first byte of the piece
   * @param to end of the piece, above {@code from}
   * @param out where the ids go
   * @param work scratch of one encoding
   */
  void encode(byte[] s, int from, int to, Ids out, Work work);

  /** Scratch of one encoding, for one thread. */
  final class Work {
    final Merger merger = new Merger();
  }
}
