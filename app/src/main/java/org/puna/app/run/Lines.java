package org.puna.app.run;

import java.util.Optional;

/** Where a conversation's lines come from. */
interface Lines extends AutoCloseable {
  /** Waits for the next line, which is empty where the person gave it up; nothing at the end. */
  Optional<String> next();

  /** Says what to run when the person wants the answer to stop; nothing where nobody can. */
  void onInterrupt(Runnable action);

  /** Shows text to the person at once. */
  void show(String text);

  @Override
  void close();
}
