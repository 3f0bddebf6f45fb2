package org.puna.train.tune;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.puna.model.config.BadInput;
import org.puna.train.data.Shuffle;
import org.puna.train.run.Dial;
import org.puna.train.run.Recipe;

/**
 * Which of the examples that were read a run learns, and which it holds out to measure itself by.
 *
 * @param learned what is learned, in the order of the files
 * @param heldOut what is measured only; nothing of it is among the learned, not even as a copy
 */
record Selection<E>(List<E> learned, List<E> heldOut) {
  private static final String PART = "data.held_out";
  private static final String EVERY = "validation.every";

  /** Counts what becomes of examples that may be too long. */
  static final class Count {
    private final String what;
    private final int length;
    private int read;
    private int cut;
    private int silent;
    private int late;

    /**
     * Nothing yet.
     *
     * @param what they are called, such as conversations
     * @param length tokens of a window
     */
    Count(String what, int length) {
      this.what = what;
      this.length = length;
    }

    /**
     * Counts one.
     *
     * @param longer whether it is longer than a window
     * @param teaches whether anything in it is to be learned
     * @param kept whether some of that lies within a window
     * @return whether it is kept
     */
    boolean add(boolean longer, boolean teaches, boolean kept) {
      read++;
      if (!teaches) silent++;
      else if (!kept) late++;
      else if (longer) cut++;
      return kept;
    }

    /**
     * Returns a line for people.
     *
     * @param where they are from
     * @throws BadInput if none was kept
     */
    String line(String where) {
      if (read == silent) {
        throw new BadInput(
            String.format(
                Locale.ROOT,
                "%s: none of %,d %s has an answer to learn: expected messages of role assistant,"
                    + " without \"weight\": 0",
                where,
                read,
                what));
      }
      if (read == silent + late) {
        throw new BadInput(
            String.format(
                Locale.ROOT,
                "%s: no answer begins within batch.length=%d; choose a longer one",
                where,
                length));
      }
      StringBuilder s = new StringBuilder(String.format(Locale.ROOT, "%s: %,d read", what, read));
      add(s, cut, "cut after batch.length=" + length + " tokens");
      add(s, silent, "dropped: without an answer to learn");
      add(s, late, "dropped: no answer begins within batch.length=" + length);
      return s.toString();
    }

    private static void add(StringBuilder s, int n, String how) {
      if (n > 0) s.append(String.format(Locale.ROOT, ", %,d %s", n, how));
    }
  }

  /**
   * Returns the part that a recipe holds out and completes what it says of it: a part without a
   * number of steps is measured, and the reverse.
   *
   * @return 0 where nothing is measured
   * @throws BadInput if it wants measures of nothing
   */
  static double part(Recipe r) {
    if (!measured(r)) {
      r.otherwise(EVERY, 0);
      if (r.has(PART)) r.without(PART, r.number(PART), "");
      return 0;
    }
    r.otherwise(PART, Dial.HELD_OUT);
    if (r.number(PART) == 0) {
      throw new BadInput(
          EVERY + ": nothing is held out that could be measured; set " + PART + ", such as 0.1");
    }
    return r.number(PART);
  }

  private static boolean measured(Recipe r) {
    return r.has(EVERY) ? r.whole(EVERY) > 0 : r.has(PART) && r.number(PART) > 0;
  }

  /**
   * Refuses to hold anything out.
   *
   * @param why nothing can be
   * @throws BadInput if the recipe wants it
   */
  static void nothing(Recipe r, String why) {
    if (measured(r)) {
      throw new BadInput(
          (r.has(PART) ? PART : EVERY) + ": " + why + "; leave " + PART + " and " + EVERY + " out");
    }
    part(r);
  }

  /**
   * Divides examples by a seeded order. Copies of one stay together, or the run would measure what
   * it has learned.
   *
   * @param part that is held out, 0 for nothing, otherwise at least one example
   * @param print what copies have in common
   * @throws BadInput if they cannot be divided
   */
  static <E> Selection<E> of(List<E> all, double part, long seed, Function<E, String> print) {
    if (part == 0) return new Selection<>(all, List.of());
    Map<String, List<E>> groups = new LinkedHashMap<>();
    for (E e : all) groups.computeIfAbsent(print.apply(e), _ -> new ArrayList<>()).add(e);
    int n = groups.size();
    if (n < 2) {
      throw new BadInput(PART + ": expected two different examples or more to divide, found " + n);
    }
    int held = Math.clamp(Math.round(part * n), 1, n - 1);
    Shuffle order = new Shuffle(n, seed);
    boolean[] out = new boolean[n];
    for (int i = 0; i < held; i++) out[order.at(i)] = true;
    List<E> learned = new ArrayList<>();
    List<E> heldOut = new ArrayList<>();
    int g = 0;
    for (List<E> group : groups.values()) (out[g++] ? heldOut : learned).addAll(group);
    return new Selection<>(learned, heldOut);
  }

  /** Returns what a line for people says of what is held out. */
  String said() {
    return heldOut.isEmpty() ? "" : String.format(Locale.ROOT, ", %,d held out", heldOut.size());
  }
}
