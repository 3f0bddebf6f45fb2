package org.puna.app.run;

import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/** Token ids as people write them: apart by commas or spaces. */
final class Ids {
  private static final Pattern APART = Pattern.compile("[\\s,]+");

  private Ids() {}

  /**
   * Returns the ids.
   *
   * @param option what they were given as, for the error
   * @param vocabSize ids are below it
   * @throws BadInput if there are none, or one is not an id
   */
  static int[] parse(String option, String words, int vocabSize) {
    String bare = words.strip().replaceAll("^\\[|\\]$", "").strip();
    if (bare.isEmpty()) {
      throw new BadInput(option + ": expected token ids such as 1,2,3, found nothing");
    }
    return APART.splitAsStream(bare).mapToInt(w -> id(option, w, vocabSize)).toArray();
  }

  private static int id(String option, String word, int vocabSize) {
    int id;
    try {
      id = Integer.parseInt(word);
    } catch (NumberFormatException e) {
      throw new BadInput(option + ": expected token ids such as 1,2,3, found '" + word + "'", e);
    }
    if (id < 0 || id >= vocabSize) {
      throw new BadInput(option + ": expected ids from 0 to " + (vocabSize - 1) + ", found " + id);
    }
    return id;
  }
}
