package org.puna.engine;

import org.puna.model.Checkpoint;
import org.puna.model.layers.Result;
import org.puna.tensor.Backend;

/**
 * Makes encoders of a checkpoint on a backend; both stay the caller's and must outlive what is
 * made.
 *
 * @param checkpoint the model
 * @param backend what runs it
 */
public record Encoders(Checkpoint checkpoint, Backend backend) {
  /**
   * Returns an encoder whose vectors are the model's final normalised states.
   *
   * @param contextLength tokens of a sequence at most
   */
  public Encoder states(int contextLength) {
    return make(contextLength, Result.HIDDEN);
  }

  /**
   * Returns an encoder whose vectors are the scores of the model's classification head.
   *
   * @throws org.puna.model.config.BadInput if the model has none
   */
  public Encoder scores() {
    return make(checkpoint.config().contextLength(), Result.SCORES);
  }

  private Encoder make(int contextLength, Result result) {
    var graph =
        checkpoint
            .architecture()
            .forward(checkpoint.config(), checkpoint.weights(), contextLength, result);
    return new Encoder(backend, graph, contextLength, Encoder.DEFAULT_STEP);
  }
}
