package org.puna.model.arch;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.puna.model.config.Latent;
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
   * Latent attention (DeepSeek-V2, section 2.1) as grouped queries in heads of 128 with about as
   * many parameters, for what counts heads, and its own sizes, for parameters, attention and cache.
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
    int queries = queryRank.orElse(0);
    Latent l = new Latent(heads, key, value, rank, rotated, queries);
    double parameters = l.parameters(hidden);
    int kv = Math.max(1, (int) Math.round((rank + rotated) / (2.0 * LATENT_HEAD)));
    double both = parameters / ((double) hidden * LATENT_HEAD) / 2 - kv;
    put("heads", kv * Math.max(1, Math.round(both / kv)));
    put("kv_heads", kv);
    put("head_dim", LATENT_HEAD);
    put("latent_heads", heads);
    put("latent_key", key);
    put("latent_value", value);
    put("latent_rank", rank);
    put("latent_rotated", rotated);
    if (queries > 0) put("latent_queries", queries);
  }

  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(e -> e.getKey() + "=" + e.getValue())
        .collect(Collectors.joining(","));
  }
}
