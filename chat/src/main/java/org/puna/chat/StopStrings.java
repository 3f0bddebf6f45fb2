package org.puna.chat;

import java.util.List;
import java.util.Optional;
import org.puna.model.config.BadInput;

/**
 * Finds the first stop string in a text that arrives in pieces. Text that may be the beginning of a
 * stop string is held back until the next pieces decide. Used by one thread.
 */
public final class StopStrings {
  private final List<String> stops;
  private final int minTokens;
  private int tokens;
  private final StringBuilder held = new StringBuilder();
  private Optional<String> found = Optional.empty();

  /**
   * Looks for these strings.
   *
   * @param stops none of them empty
   * @throws BadInput if one is empty
   */
  public StopStrings(List<String> stops) {
    this(stops, 0);
  }

  /**
   * Looks for these strings after the first tokens.
   *
   * @param minTokens tokens in whose text none is looked for
   */
  StopStrings(List<String> stops, int minTokens) {
    this.minTokens = minTokens;
    this.stops = List.copyOf(stops);
    if (this.stops.stream().anyMatch(String::isEmpty)) {
      throw new BadInput("stop: expected a text to stop at, found an empty one; leave it out");
    }
  }

  /** Counts a token: the pieces that follow are of its text. */
  void token() {
    tokens++;
  }

  /**
   * Takes the next piece and returns what is certain to come before any stop string. After a stop
   * string was found it returns nothing more.
   */
  public String add(String piece) {
    if (found.isPresent()) {
      return "";
    }
    if (minTokens > 0 && tokens <= minTokens) {
      return piece;
    }
    held.append(piece);
    int first = held.length();
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && at < first) {
        first = at;
        found = Optional.of(stop);
      }
    }
    if (found.isPresent()) {
      return held.substring(0, first);
    }
    int safe = held.length() - longestBeginning();
    String out = held.substring(0, safe);
    held.delete(0, safe);
    return out;
  }

  /** Returns what was held back, at the end of the text. */
  public String finish() {
    if (found.isPresent()) {
      return "";
    }
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** Returns the stop string that was found. */
  public Optional<String> found() {
    return found;
  }

  /** Returns the length of the longest end of the held text that begins a stop string. */
  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      int most = Math.min(stop.length() - 1, held.length());
      for (int n = most; n > longest; n--) {
        if (stop.startsWith(held.substring(held.length() - n))) {
          longest = n;
        }
      }
    }
    return longest;
  }
}
