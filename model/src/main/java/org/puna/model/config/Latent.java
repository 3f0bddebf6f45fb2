package org.puna.model.config;

/**
 * Latent attention (MLA): keys and values of all heads are projections of one latent, which is all
 * that is cached beside a rotated part of the keys that the heads share.
 *
 * @param heads query heads
 * @param key width of a head's queries and keys, with the rotated part
 * @param value width of a head's values
 * @param rank width of the latent of keys and values
 * @param rotated width of the rotated part
 * @param queryRank width of the latent of queries, 0 where they are projected directly
 * @see "DeepSeek-AI 2024, DeepSeek-V2, section 2.1"
 */
public record Latent(int heads, int key, int value, int rank, int rotated, int queryRank) {
  /** Widest heads together; products of two such sizes stay within a long. */
  private static final int MOST = 100_000_000;

  /** Checks the sizes. */
  public Latent {
    boolean sizes = heads > 0 && key > 0 && value > 0 && rank > 0 && rotated >= 0;
    long widest = (long) heads * Math.max(key, value);
    if (!sizes || rotated > key || queryRank < 0 || widest > MOST) {
      throw new BadInput(
          "model config: latent attention of "
              + heads
              + " heads with keys of "
              + key
              + ", of which "
              + rotated
              + " are rotated, and values of "
              + value
              + " is none of a model; check the shape");
    }
  }

  /** Returns the numbers that a layer caches of a position. */
  public long cached() {
    return (long) rank + rotated;
  }

  /**
   * Parameters of a layer's attention.
   *
   * @param width of the model
   */
  public long parameters(long width) {
    long queries = (long) heads * key;
    long values = (long) heads * value;
    return (queryRank > 0 ? queryRank * (width + queries) : width * queries)
        + width * cached()
        + (long) rank * heads * (key - rotated + value)
        + values * width;
  }
}
