package org.puna.train.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.puna.model.config.BadInput;
import org.puna.train.data.Batches;
import org.puna.train.data.MicroBatch;
import org.puna.train.data.Shuffle;
import org.puna.train.loss.Part;
import org.puna.train.tape.Rows;

/**
 * Examples in a seeded order, another one for each epoch; several are computed together, as
 * sequences that do not see each other.
 */
public final class Examples implements Batches {
  private final List<Example> examples;
  private final int rows;
  private final int maxRows;
  private final long steps;
  private final Shuffle order;
  private final Function<MicroBatch, Part> objective;

  /**
   * Examples for a run.
   *
   * @param length tokens of an example; longer ones are cut
   * @param rows examples of a step
   * @param microTokens tokens that are computed together; at least one example is
   * @param objective what is learned of each part: itself, for cross-entropy
   * @throws BadInput if nothing in them is learned
   */
  public Examples(
      List<Example> examples,
      int length,
      int rows,
      int microTokens,
      long steps,
      long seed,
      Function<MicroBatch, Part> objective) {
    // One more than the length: the last token is a target only.
    this.examples =
        examples.stream().map(e -> e.first(length + 1)).filter(e -> e.counted() > 0).toList();
    if (this.examples.isEmpty()) {
      throw new BadInput(
          "examples: no token of the assistant lies within batch.length="
              + length
              + "; choose a longer one");
    }
    this.rows = rows;
    this.maxRows = Math.max(length, microTokens);
    this.steps = steps;
    this.order = new Shuffle(this.examples.size(), seed);
    this.objective = objective;
  }

  @Override
  public List<Part> step(long step) {
    List<Part> parts = new ArrayList<>();
    List<Example> together = new ArrayList<>();
    int tokens = 0;
    for (int r = 0; r < rows; r++) {
      Example e = examples.get(order.at(step * rows + r));
      int n = e.ids().length - 1;
      if (tokens + n > maxRows) {
        parts.add(objective.apply(part(together)));
        together.clear();
        tokens = 0;
      }
      together.add(e);
      tokens += n;
    }
    parts.add(objective.apply(part(together)));
    return parts;
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
