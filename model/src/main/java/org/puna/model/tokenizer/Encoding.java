package org.puna.model.tokenizer;

/**
 * Token ids with the segment that each belongs to, as encoders of the BERT family want them.
 *
 * @param ids token ids
 * @param typeIds for each id 0 or the number that the post-processor gives the segment
 */
public record Encoding(int[] ids, int[] typeIds) {
  /** Checks that both have one length. */
  public Encoding {
    if (ids.length != typeIds.length) {
      throw new IllegalArgumentException(ids.length + " ids, " + typeIds.length + " type ids");
    }
  }
}
