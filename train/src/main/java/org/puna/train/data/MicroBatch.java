package org.puna.train.data;

import org.puna.train.loss.CrossEntropy;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.tape.Rows;

/**
 * A part of a step: sequences and what should follow each of their tokens.
 *
 * @param rows tokens; every row that counts is asked for
 * @param targets the id that follows each row asked for
 */
public record MicroBatch(Rows rows, int[] targets) implements Part {
  /** Checks the sizes. */
  public MicroBatch {
    if (targets.length != rows.outputs().length) {
      throw new IllegalArgumentException(
          targets.length + " targets for " + rows.outputs().length + " rows");
    }
  }

  @Override
  public int counted() {
    return targets.length;
  }

  @Override
  public double learn(Network network, double weight) {
    return network.train(rows, CrossEntropy.of(targets, weight));
  }

  @Override
  public double measure(Network network) {
    return network.loss(rows, CrossEntropy.of(targets, 1));
  }
}
