package org.puna.model.arch;

import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig.Moe;

/** Sizes above those of any published model, so that a wrong number cannot exhaust memory. */
final class Limits {
  static final int LAYERS = 2048;
  static final int HEADS = 1 << 14;
  static final int HEAD_DIM = 1 << 14;
  static final int WIDTH = 1 << 24;
  static final int VOCAB = 1 << 26;
  static final int EXPERTS = 1 << 10;

  /** Experts of all layers together: folders may hold a file name for each. */
  static final int ALL_EXPERTS = 1 << 16;

  private Limits() {}

  /** Returns a mixture whose experts of all layers stay below the limit. */
  static Optional<Moe> checked(Optional<Moe> moe, int layers) {
    moe.ifPresent(m -> {
      if ((long) m.nExperts() * layers > ALL_EXPERTS) {
        throw new BadInput(
            "model config: expected at most "
                + ALL_EXPERTS
                + " experts in all layers, found "
                + layers
                + " layers of "
                + m.nExperts());
      }
    });
    return moe;
  }
}
