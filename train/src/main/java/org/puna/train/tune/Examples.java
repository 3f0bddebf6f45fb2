package org.puna.train.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongToIntFunction;
import org.puna.model.config.BadInput;
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
  private final List<Example> examples = new ArrayList<>();
  private final int[] numbers;
  private final int rows;
  private final int maxRows;
  private final long steps;
  private final LongToIntFunction order;
  private final Learning learning;

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
   * @param length tokens of an example; longer ones are cut
   * @param rows examples of a step
   * @param microTokens tokens that are computed together; at least one example is
   * @param order of that many examples
   * @param learning what is learned of each part: itself, for cross-entropy
   * @throws BadInput if nothing in them is learned
   */
  public Examples(
      List<Example> examples,
      int length,
      int rows,
      int microTokens,
      long steps,
      IntFunction<LongToIntFunction> order,
      Learning learning) {
    int[] kept = new int[examples.size()];
    for (int i = 0; i < kept.length; i++) {
      // One more than the length: the last token is a target only.
      Example e = examples.get(i).first(length + 1);
      if (e.counted() == 0) continue;
      kept[this.examples.size()] = i;
      this.examples.add(e);
    }
    numbers = kept;
    if (this.examples.isEmpty()) {
      throw new BadInput(
          "examples: no token of the assistant lies within batch.length="
              + length
              + "; choose a longer one");
    }
    this.rows = rows;
    this.maxRows = Math.max(length, microTokens);
    this.steps = steps;
    this.order = order.apply(this.examples.size());
    this.learning = learning;
  }

  @Override
  public List<Part> step(long step) {
    List<Part> parts = new ArrayList<>();
    List<Integer> together = new ArrayList<>();
    int tokens = 0;
    for (int r = 0; r < rows; r++) {
      int e = order.applyAsInt(step * rows + r);
      int n = examples.get(e).ids().length - 1;
      if (tokens + n > maxRows) {
        parts.add(learned(together));
        together.clear();
        tokens = 0;
      }
      together.add(e);
      tokens += n;
    }
    parts.add(learned(together));
    return parts;
  }

  private Part learned(List<Integer> together) {
    return learning.of(
        part(together.stream().map(examples::get).toList()),
        together.stream().mapToInt(e -> numbers[e]).toArray());
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
    for (Example e : examples) f.add(e.ids()).add(e.learned());
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
    long tokens = examples.stream().mapToLong(e -> e.ids().length - 1L).sum();
    return Math.max(1, tokens * rows / examples.size());
  }

  @Override
  public void close() {}
}
