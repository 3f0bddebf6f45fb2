package org.puna.server.serving;

import org.puna.model.Checkpoint;
import org.puna.tensor.Graph;

/** Records the forward pass of a model that has just been opened. */
@FunctionalInterface
public interface Forward {
  /**
   * Returns the forward pass for up to this many positions.
   *
   * @throws org.puna.model.config.BadInput if what is added to the model is not of this model
   */
  Graph of(Checkpoint checkpoint, int contextLength);
}
