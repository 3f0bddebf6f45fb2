package org.puna.train.tune;

import java.util.Arrays;

/**
 * A conversation as token ids.
 *
 * @param ids all tokens
 * @param learned for each whether the assistant said it
 */
public record Example(int[] ids, boolean[] learned) {
  /** Checks the sizes. */
  public Example {
    if (ids.length != learned.length) throw new IllegalArgumentException("example: sizes differ");
  }

  /** Returns the first tokens, all where there are not more. */
  Example first(int most) {
    return ids.length <= most
        ? this
        : new Example(Arrays.copyOf(ids, most), Arrays.copyOf(learned, most));
  }

  /** Returns how many tokens are guessed and learned: the first of a text is never guessed. */
  int counted() {
    int n = 0;
    for (int i = 1; i < learned.length; i++) n += learned[i] ? 1 : 0;
    return n;
  }
}
