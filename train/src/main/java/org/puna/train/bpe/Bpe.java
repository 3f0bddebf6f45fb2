package org.puna.train.bpe;

import java.util.List;

/**
 * A learned byte-level BPE vocabulary.
 *
 * @param specials control tokens, which have the first ids
 * @param pieces the tokens that follow, in the byte alphabet's spelling, in order of id
 * @param merges pairs of ids in order of learning
 */
public record Bpe(List<String> specials, List<String> pieces, List<Merge> merges) {
  /** Copies the lists. */
  public Bpe {
    specials = List.copyOf(specials);
    pieces = List.copyOf(pieces);
    merges = List.copyOf(merges);
  }

  /**
   * Two tokens that become one.
   *
   * @param left id of the first
   * @param right id of the second
   */
  public record Merge(int left, int right) {}

  /** Returns the number of ids. */
  public int vocabSize() {
    return specials.size() + pieces.size();
  }

  /** Returns the spelling of an id. */
  public String token(int id) {
    return id < specials.size() ? specials.get(id) : pieces.get(id - specials.size());
  }
}
