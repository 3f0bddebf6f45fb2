package org.puna.train.data;

import java.util.List;
import java.util.Map;
import org.puna.train.loss.Part;

/** What a run learns from: a pure function of the step, so that a resumed run sees the same. */
public interface Batches extends AutoCloseable {
  /**
   * Returns the parts of a step.
   *
   * @param step from 0
   */
  List<? extends Part> step(long step);

  /** Returns what else the last step found, by name, for its line of measures. */
  default Map<String, Double> found() {
    return Map.of();
  }

  /** Returns a text that changes with what is learned from, so that a resumed run can tell. */
  String fingerprint();

  /** Returns the most rows of a part. */
  int maxRows();

  /** Returns how many steps there are, {@link Long#MAX_VALUE} where it never ends. */
  long steps();

  /** Returns the tokens that a step reads. */
  long tokensPerStep();

  @Override
  void close();
}
