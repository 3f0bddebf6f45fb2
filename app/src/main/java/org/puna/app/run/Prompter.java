package org.puna.app.run;

import java.util.List;
import java.util.Optional;
import org.puna.model.Checkpoint;

/** Turns a conversation into the tokens that the model was trained on. */
final class Prompter {
  private Prompter() {}

  /** Returns the prompter of a model, where it has a chat template. */
  static Optional<Prompter> of(Checkpoint checkpoint) {
    return Optional.empty();
  }

  /** Returns the conversation's tokens, up to where the answer begins. */
  int[] encode(List<Turn> turns) {
    return new int[turns.size()];
  }
}
