package org.puna.chat;

import java.util.Arrays;
import org.puna.model.tokenizer.Encoding;
import org.puna.model.tokenizer.Tokenizer;

/**
 * Cuts texts that are too long, as the Hugging Face tokenizers do: tokens go from the end of a
 * text, special ones stay.
 */
final class Truncation {
  private Truncation() {}

  /** Cuts one text. */
  static Encoding single(Tokenizer tokenizer, Encoding e, int most) {
    int[] around = tokenizer.encodeWithSpecials("", false);
    int tail = 0;
    while (tail < Math.min(around.length, most)
        && around[around.length - 1 - tail] == e.ids()[e.ids().length - 1 - tail]) {
      tail++;
    }
    return without(e, most - tail, e.ids().length - most);
  }

  /**
   * Cuts two texts: the longer one until both are equal, then both.
   *
   * @param first ids of the first text alone
   * @param second ids of the second text alone
   * @param e both with special tokens
   */
  static Encoding pair(int[] first, int[] second, Encoding e, int most) {
    int room = Math.max(0, most - (e.ids().length - first.length - second.length));
    int less = Math.min(first.length, second.length);
    int more = less > room ? less : Math.max(less, room - less);
    if (less + more > room) {
      less = room / 2;
      more = less + room % 2;
    }
    boolean swapped = first.length > second.length;
    int keepFirst = Math.min(first.length, swapped ? more : less);
    int keepSecond = Math.min(second.length, swapped ? less : more);
    int firstAt = find(e.ids(), first, 0);
    int secondAt = find(e.ids(), second, firstAt + first.length);
    Encoding shorter = without(e, secondAt + keepSecond, second.length - keepSecond);
    return without(shorter, firstAt + keepFirst, first.length - keepFirst);
  }

  private static int find(int[] in, int[] what, int from) {
    for (int i = from; i + what.length <= in.length; i++) {
      if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) return i;
    }
    throw new IllegalStateException("a text's tokens changed beside another's");
  }

  private static Encoding without(Encoding e, int from, int n) {
    return new Encoding(without(e.ids(), from, n), without(e.typeIds(), from, n));
  }

  private static int[] without(int[] x, int from, int n) {
    int[] out = Arrays.copyOf(x, x.length - n);
    System.arraycopy(x, from + n, out, from, out.length - from);
    return out;
  }
}
