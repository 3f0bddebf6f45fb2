package org.puna.app.run;

import java.util.List;
import org.puna.chat.TextGeneration;

/** Starts the answer to a conversation. */
@FunctionalInterface
interface Answerer {
  /**
   * Returns the running answer; closing it stops it.
   *
   * @param turns the conversation, the user's turn last
   */
  TextGeneration answer(List<Turn> turns);
}
