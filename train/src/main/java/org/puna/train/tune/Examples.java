package org.puna.train.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongToIntFunction;
import org.puna.train.data.Batches;
import org.puna.train.data.Fingerprint;
import org.puna.train.data.MicroBatch;
import org.puna.train.data.Shuffle;
import org.puna.train.loss.Part;
import org.puna.train.tape.Rows;

/**
 * Examples in a seeded order, another one for each epoch; several are computed together, as
 * sequences that do not see each other.
 */
public final class Examples implements Batches {
  private final List<Numbered> examples;
  private final int rows;
  private final int maxRows;
  private final long steps;
  private final LongToIntFunction order;
  private final Learning learning;

  /**
   * An example.
   *
   * @param example cut to the length of a window
   * @param number its place in the list that was read
   */
  record Numbered(Example example, int number) {
    /** Tells copies. */
    String print() {
      return new Fingerprint().add(example.ids()).add(example.learned()).text();
    }
  }

  /** Says what is learned of a part. */
  @FunctionalInterface
  public interface Learning {
    /**
     * Returns a part that can be learned.
     *
     * @param batch several examples
     * @param numbers the place of each in the list that was given
     */
    Part of(MicroBatch batch, int[] numbers);
  }

  /** Returns a seeded order. */
  static IntFunction<LongToIntFunction> shuffled(long seed) {
    return n -> new Shuffle(n, seed)::at;
  }

  /** Returns the order in which they are given, over and over. */
  static IntFunction<LongToIntFunction> given() {
    return n -> i -> (int) (i % n);
  }

  /**
   * Examples for a run.
   *
   * @param examples cut, each with something to learn; see {@link #kept}
   * @param length tokens of an example at most
   * @param rows examples of a step
   * @param microTokens tokens that are computed together; at least one example is
   * @param order of that many examples
   * @param learning what is learned of each part: itself, for cross-entropy
   */
  Examples(
      List<Numbered> examples,
      int length,
      int rows,
      int microTokens,
      long steps,
      IntFunction<LongToIntFunction> order,
      Learning learning) {
    this.examples = List.copyOf(examples);
    this.rows = rows;
    this.maxRows = Math.max(length, microTokens);
    this.steps = steps;
    this.order = order.apply(examples.size());
    this.learning = learning;
  }

  /**
   * Cuts examples, and drops those of which nothing is left to learn.
   *
   * @param length tokens of an example
   * @param count counts them
   */
  static List<Numbered> kept(List<Example> all, int length, Selection.Count count) {
    List<Numbered> kept = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      // One more than the length: the last token is a target only.
      Example whole = all.get(i);
      Example e = whole.first(length + 1);
      boolean longer = whole.ids().length > length + 1;
      if (count.add(longer, whole.counted() > 0, e.counted() > 0)) kept.add(new Numbered(e, i));
    }
    return kept;
  }

  @Override
  public List<Part> step(long step) {
    List<Numbered> all = new ArrayList<>();
    for (int r = 0; r < rows; r++) all.add(examples.get(order.applyAsInt(step * rows + r)));
    return parts(all);
  }

  /** Returns parts of examples, which are computed together where they fit. */
  List<Part> parts(List<Numbered> all) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    int tokens = 0;
    for (int i = 0; i < all.size(); i++) {
      int n = all.get(i).example.ids().length - 1;
      if (i > from && tokens + n > maxRows) {
        parts.add(part(all, from, i));
        from = i;
        tokens = 0;
      }
      tokens += n;
    }
    if (from < all.size()) parts.add(part(all, from, all.size()));
    return parts;
  }

  private Part part(List<Numbered> all, int from, int to) {
    List<Numbered> together = all.subList(from, to);
    return learning.of(
        part(together.stream().map(Numbered::example).toList()),
        together.stream().mapToInt(Numbered::number).toArray());
  }

  /** Puts examples one after the other; only what is learned is asked for. */
  static MicroBatch part(List<Example> examples) {
    int n = examples.stream().mapToInt(e -> e.ids().length - 1).sum();
    int[] ids = new int[n];
    int[] bounds = new int[examples.size() + 1];
    int[] outputs = new int[n];
    int[] targets = new int[n];
    int row = 0;
    int counted = 0;
    for (int e = 0; e < examples.size(); e++) {
      Example x = examples.get(e);
      for (int i = 0; i + 1 < x.ids().length; i++, row++) {
        ids[row] = x.ids()[i];
        if (!x.learned()[i + 1]) continue;
        outputs[counted] = row;
        targets[counted++] = x.ids()[i + 1];
      }
      bounds[e + 1] = row;
    }
    return new MicroBatch(
        new Rows(ids, bounds, Arrays.copyOf(outputs, counted)), Arrays.copyOf(targets, counted));
  }

  @Override
  public String fingerprint() {
    Fingerprint f = new Fingerprint();
    for (Numbered e : examples) f.add(e.example.ids()).add(e.example.learned());
    return f.text();
  }

  @Override
  public int maxRows() {
    return maxRows;
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public long tokensPerStep() {
    long tokens = examples.stream().mapToLong(e -> e.example.ids().length - 1L).sum();
    return Math.max(1, tokens * rows / examples.size());
  }

  @Override
  public void close() {}
}
