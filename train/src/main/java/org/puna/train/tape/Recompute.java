package org.puna.train.tape;

/** Which results of the forward pass are thrown away and computed again for the backward pass. */
public enum Recompute {
  /** None: all that derivatives read is kept. */
  NOTHING,
  /** The outputs of norms and gates, which cost next to nothing to compute again. */
  CHEAP,
  /**
   * All but the residual stream between the halves of layers: the least memory, for one more
   * forward pass.
   *
   * @see "Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost"
   */
  LAYERS
}
