package org.puna.train.tape;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Numbered buffers with the span of steps in which each is needed, and their layout: buffers whose
 * spans do not overlap share memory.
 */
final class Buffers {
  /** Java's longest array, with room for its header. */
  private static final long LONGEST = Integer.MAX_VALUE - 64;

  private final List<Long> floats = new ArrayList<>();
  private final List<Integer> first = new ArrayList<>();
  private final List<Integer> last = new ArrayList<>();
  private final List<int[]> mayReplace = new ArrayList<>();
  private final List<Long> slotFloats = new ArrayList<>();
  private int[] slotOf = new int[0];

  /** Adds a buffer that is first written at a step. */
  int make(long size, int step) {
    floats.add(size);
    first.add(step);
    last.add(step);
    mayReplace.add(new int[0]);
    return floats.size() - 1;
  }

  /** Notes that a step reads or writes a buffer. */
  void use(int buffer, int step) {
    if (buffer >= 0) last.set(buffer, Math.max(last.get(buffer), step));
  }

  /** Notes that a buffer may take the place of one that is last read when it is first written. */
  void mayReplace(int buffer, int dying) {
    int[] old = mayReplace.get(buffer);
    int[] more = Arrays.copyOf(old, old.length + 1);
    more[old.length] = dying;
    mayReplace.set(buffer, more);
  }

  /** Decides which buffers share memory. */
  void layOut() {
    int n = floats.size();
    slotOf = new int[n];
    Arrays.fill(slotOf, -1);
    Integer[] byStart = new Integer[n];
    for (int i = 0; i < n; i++) byStart[i] = i;
    // Buffers are numbered in the order in which they are made, so that this order is stable.
    Arrays.sort(byStart, (a, b) -> Integer.compare(first.get(a), first.get(b)));
    Deque<Integer> free = new ArrayDeque<>();
    List<Integer> live = new ArrayList<>();
    for (int b : byStart) {
      int now = first.get(b);
      for (int l : List.copyOf(live)) {
        if (last.get(l) < now) {
          live.remove(Integer.valueOf(l));
          free.push(slotOf[l]);
        }
      }
      int replaced = replaced(b, live);
      if (replaced >= 0) {
        slotOf[b] = slotOf[replaced];
        live.remove(Integer.valueOf(replaced));
      } else {
        slotOf[b] = take(free, floats.get(b));
      }
      live.add(b);
    }
  }

  private int replaced(int b, List<Integer> live) {
    for (int dying : mayReplace.get(b)) {
      if (last.get(dying).equals(first.get(b))
          && floats.get(dying).equals(floats.get(b))
          && live.contains(dying)) {
        return dying;
      }
    }
    return -1;
  }

  private int take(Deque<Integer> free, long size) {
    int best = -1;
    for (int s : free) {
      long has = slotFloats.get(s);
      boolean fits = has >= size;
      if (best < 0) {
        best = s;
        continue;
      }
      long bestHas = slotFloats.get(best);
      boolean bestFits = bestHas >= size;
      if (fits != bestFits ? fits : fits ? has < bestHas : has > bestHas) best = s;
    }
    if (best < 0) {
      slotFloats.add(size);
      return slotFloats.size() - 1;
    }
    free.remove(best);
    slotFloats.set(best, Math.max(slotFloats.get(best), size));
    return best;
  }

  /** Returns the bytes of all memory. */
  long bytes() {
    return slotFloats.stream().mapToLong(n -> n * Float.BYTES).sum();
  }

  /**
   * Allocates the memory.
   *
   * @return the array of each buffer
   * @throws IllegalArgumentException if one is longer than an array can be
   */
  float[][] allocate() {
    float[][] slots = new float[slotFloats.size()][];
    for (int s = 0; s < slots.length; s++) {
      long n = slotFloats.get(s);
      if (n > LONGEST) {
        throw new IllegalArgumentException(
            "a buffer of "
                + n
                + " numbers is longer than an array can be; make the micro-batch smaller");
      }
      slots[s] = new float[(int) n];
    }
    float[][] out = new float[slotOf.length][];
    for (int b = 0; b < out.length; b++) out[b] = slots[slotOf[b]];
    return out;
  }
}
