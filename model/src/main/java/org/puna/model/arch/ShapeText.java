package org.puna.model.arch;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.puna.model.config.ModelShapes;

/** A shape being spelled out as {@link ModelShapes#parse} reads it, key by key. */
final class ShapeText {
  private static final int LATENT_HEAD = 128;

  private final Map<String, String> values = new LinkedHashMap<>();

  void put(String key, long n) {
    values.put(key, String.valueOf(n));
  }

  void put(String key, boolean b) {
    values.put(key, String.valueOf(b));
  }

  void put(String key, String text) {
    values.put(key, text);
  }

  /**
   * Latent attention (DeepSeek-V2, section 2.1) as grouped queries in heads of 128, with as many
   * parameters and a cache of nearly its size.
   *
   * @param hidden width of the model
   * @param heads query heads
   * @param rank width of the latent of keys and values
   * @param queryRank width of the latent of queries, where there is one
   * @param key width of a head's queries and keys, with the rotated part
   * @param rotated width of the rotated part, which all heads share in the keys
   * @param value width of a head's values
   */
  void latentAttention(
      int hidden, int heads, int rank, OptionalInt queryRank, int key, int rotated, int value) {
    double width = hidden;
    double queries = (double) heads * key;
    double parameters =
        (queryRank.isPresent() ? queryRank.getAsInt() * (width + queries) : width * queries)
            + width * (rank + rotated)
            + (double) rank * heads * (key - rotated + value)
            + (double) heads * value * width;
    int kv = Math.max(1, (int) Math.round((rank + rotated) / (2.0 * LATENT_HEAD)));
    double both = parameters / (width * LATENT_HEAD) / 2 - kv;
    put("heads", kv * Math.max(1, Math.round(both / kv)));
    put("kv_heads", kv);
    put("head_dim", LATENT_HEAD);
  }

  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue())
        .collect(Collectors.joining(","));
  }
}
