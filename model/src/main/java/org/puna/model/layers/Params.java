package org.puna.model.layers;

import java.util.Optional;
import org.puna.tensor.Param;

/** Where a forward pass gets its weights, by canonical name. */
public interface Params {
  /**
   * Returns a weight.
   *
   * @throws org.puna.model.config.BadInput if the model has none of that name
   */
  Param get(String name);

  /** Returns a weight that some models lack. */
  Optional<Param> find(String name);

  /**
   * Returns whether the rows of the query and key matrices are ordered so that a rotating pair is
   * two neighbours; otherwise a pair is a number of the first and one of the second half of a head.
   */
  boolean ropeInterleaved();
}
