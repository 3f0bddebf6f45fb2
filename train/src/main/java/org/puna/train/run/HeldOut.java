package org.puna.train.run;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.puna.train.loss.Part;

/**
 * What a run measures now and then and never learns.
 *
 * @param parts of it, maybe none
 * @param maxRows most rows of a part
 * @param found what the last measure found beside the loss, by name
 */
public record HeldOut(
    List<? extends Part> parts, int maxRows, Supplier<Map<String, Double>> found) {
  /** Copies the list. */
  public HeldOut {
    parts = List.copyOf(parts);
  }

  /** Parts of which only the loss is told. */
  public HeldOut(List<? extends Part> parts, int maxRows) {
    this(parts, maxRows, Map::of);
  }

  /** Returns nothing to measure. */
  public static HeldOut none() {
    return new HeldOut(List.of(), 0);
  }

  /** Returns whether there is anything to measure. */
  boolean counts() {
    return tokens() > 0;
  }

  /** Returns of how many tokens, or pairs, a measure is the mean. */
  long tokens() {
    return parts.stream().mapToLong(Part::counted).sum();
  }
}
