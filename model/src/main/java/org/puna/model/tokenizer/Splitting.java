package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Cutting a text at what a pattern finds, in the ways that Hugging Face's tokenizers name. */
final class Splitting {
  /** What becomes of the text that a pattern finds. */
  enum Behavior {
    /** It vanishes. */
    REMOVED,
    /** It is a piece of its own. */
    ISOLATED,
    /** It ends the piece before it. */
    MERGED_WITH_PREVIOUS,
    /** It begins the piece after it. */
    MERGED_WITH_NEXT,
    /** Finds that touch each other are one piece. */
    CONTIGUOUS
  }

  /** Finds places in a text: starts and ends in turn, in order, without overlap. */
  @FunctionalInterface
  interface Pattern {
    /** Adds the start and the end of each find. */
    void find(String text, Ids places);
  }

  private Splitting() {}

  /** Each character of a set. */
  static Pattern characters(IntPredicate set) {
    return (text, places) -> {
      for (int p = 0; p < text.length(); ) {
        int c = text.codePointAt(p);
        int end = p + Character.charCount(c);
        if (set.test(c)) {
          places.add(p);
          places.add(end);
        }
        p = end;
      }
    };
  }

  /** A string wherever it is. */
  static Pattern string(String what) {
    return (text, places) -> {
      if (what.isEmpty()) return;
      for (int p = text.indexOf(what); p >= 0; p = text.indexOf(what, p + what.length())) {
        places.add(p);
        places.add(p + what.length());
      }
    };
  }

  /** What a regular expression finds. */
  static Pattern regex(Regex regex) {
    return (text, places) -> {
      Regex.Finder finder = regex.finder(text);
      while (finder.find()) {
        places.add(finder.start());
        places.add(finder.end());
      }
    };
  }

  /** Runs of characters of one set or of another. */
  static Pattern runs(IntPredicate one, IntPredicate other) {
    return (text, places) -> {
      int p = 0;
      while (p < text.length()) {
        int c = text.codePointAt(p);
        IntPredicate set = one.test(c) ? one : other.test(c) ? other : null;
        int start = p;
        p += Character.charCount(c);
        if (set == null) continue;
        while (p < text.length() && set.test(text.codePointAt(p))) {
          p += Character.charCount(text.codePointAt(p));
        }
        places.add(start);
        places.add(p);
      }
    };
  }

  /**
   * A pre-tokenizer that cuts.
   *
   * @param pattern what is found
   * @param behavior what becomes of it
   * @param invert whether what is between the finds counts as found
   */
  static PreTokenizer by(Pattern pattern, Behavior behavior, boolean invert) {
    return (text, start) -> {
      Ids places = new Ids(16);
      pattern.find(text, places);
      return cut(text, places.toArray(), behavior, invert);
    };
  }

  /** One part of a text in its order. */
  private record Part(int from, int to, boolean found) {}

  private static List<String> cut(String text, int[] places, Behavior behavior, boolean invert) {
    List<Part> parts = new ArrayList<>(places.length + 1);
    int done = 0;
    for (int i = 0; i < places.length; i += 2) {
      if (places[i] > done) parts.add(new Part(done, places[i], invert));
      parts.add(new Part(places[i], places[i + 1], !invert));
      done = places[i + 1];
    }
    if (done < text.length()) parts.add(new Part(done, text.length(), invert));
    List<Part> cut =
        switch (behavior) {
          case ISOLATED -> parts;
          case REMOVED -> parts.stream().filter(part -> !part.found).toList();
          case CONTIGUOUS -> contiguous(parts);
          case MERGED_WITH_PREVIOUS -> withPrevious(parts);
          case MERGED_WITH_NEXT -> withNext(parts);
        };
    List<String> out = new ArrayList<>(cut.size());
    for (Part part : cut) {
      if (part.to > part.from) out.add(text.substring(part.from, part.to));
    }
    return out;
  }

  private static List<Part> contiguous(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    for (Part part : parts) {
      if (!out.isEmpty() && out.getLast().found == part.found) {
        out.set(out.size() - 1, new Part(out.getLast().from, part.to, part.found));
      } else {
        out.add(part);
      }
    }
    return out;
  }

  private static List<Part> withPrevious(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    boolean before = false;
    for (Part part : parts) {
      if (part.found && !before && !out.isEmpty()) {
        out.set(out.size() - 1, new Part(out.getLast().from, part.to, true));
      } else {
        out.add(part);
      }
      before = part.found;
    }
    return out;
  }

  private static List<Part> withNext(List<Part> parts) {
    List<Part> out = new ArrayList<>();
    boolean after = false;
    for (Part part : parts.reversed()) {
      if (part.found && !after && !out.isEmpty()) {
        out.set(out.size() - 1, new Part(part.from, out.getLast().to, true));
      } else {
        out.add(part);
      }
      after = part.found;
    }
    return out.reversed();
  }
}
