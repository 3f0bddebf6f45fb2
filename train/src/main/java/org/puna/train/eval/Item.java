package org.puna.train.eval;

import java.util.List;

/** One question of a task, with what is right. */
public sealed interface Item {
  /**
   * Which of several continuations fits a context.
   *
   * @param context what comes before each choice
   * @param choices the continuations, without the space before them
   * @param gold index of the right one
   */
  record Choice(String context, List<String> choices, int gold) implements Item {
    /** Copies the list. */
    public Choice {
      choices = List.copyOf(choices);
    }
  }

  /**
   * Which of several contexts fits a continuation.
   *
   * @param contexts what may come before
   * @param continuation what follows, without the space before it
   * @param gold index of the right context
   */
  record Contexts(List<String> contexts, String continuation, int gold) implements Item {
    /** Copies the list. */
    public Contexts {
      contexts = List.copyOf(contexts);
    }
  }

  /**
   * A text without its last word.
   *
   * @param context the text
   * @param continuation the word
   */
  record LastWord(String context, String continuation) implements Item {}

  /**
   * A word problem.
   *
   * @param question the problem
   * @param answer the way to the number, which stands after {@code ####}
   */
  record Problem(String question, String answer) implements Item {}
}
