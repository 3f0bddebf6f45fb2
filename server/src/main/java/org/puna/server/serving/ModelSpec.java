package org.puna.server.serving;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that the server may load.
 *
 * @param name what requests call it
 * @param path its file or folder
 * @param pinned whether it is loaded at the start and never unloaded
 * @param changed its forward pass, where that is not the one of its files alone: such a model
 *     generates, and does not embed
 */
public record ModelSpec(String name, Path path, boolean pinned, Optional<Forward> changed) {
  /** A model as its files say. */
  public ModelSpec(String name, Path path, boolean pinned) {
    this(name, path, pinned, Optional.empty());
  }

  /** Returns the same model, pinned or not. */
  public ModelSpec withPinned(boolean pinned) {
    return new ModelSpec(name, path, pinned, changed);
  }

  /** Returns the forward pass. */
  Forward forward() {
    return changed.orElse((c, length) -> c.architecture().forward(c.config(), c.weights(), length));
  }
}
