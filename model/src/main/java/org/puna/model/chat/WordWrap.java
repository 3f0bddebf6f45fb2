package org.puna.model.chat;

import java.util.ArrayList;
import java.util.List;

/** The {@code wordwrap} filter: lines of at most a given width, broken at blanks and hyphens. */
final class WordWrap {
  private static final int DEFAULT_WIDTH = 79;

  private WordWrap() {}

  static Value apply(Interpreter rt, Value v, Args args) {
    Args.Bound b =
        args.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    int width = b.index(0, DEFAULT_WIDTH);
    if (width <= 0) throw new TemplateError("invalid width " + width + " (must be > 0)");
    String newline = b.isSet(2) ? b.text(2, "\n") : "\n";
    Output out = new Output(rt.limits());
    List<String> lines = Text.lines(Repr.str(v, rt.limits()), false, rt.limits());
    for (int i = 0; i < lines.size(); i++) {
      if (i > 0) out.append(newline);
      List<String> wrapped = wrap(lines.get(i), width, b.truth(1, true), b.truth(3, true), rt);
      for (int k = 0; k < wrapped.size(); k++) {
        if (k > 0) out.append(newline);
        out.append(wrapped.get(k));
      }
    }
    return Value.of(out.text());
  }

  private static List<String> wrap(
      String line, int width, boolean breaksLong, boolean breaksHyphens, Interpreter rt) {
    List<String> chunks = new ArrayList<>(chunks(line, breaksHyphens, rt));
    List<String> lines = new ArrayList<>();
    StringBuilder current = new StringBuilder();
    int length = 0;
    int i = 0;
    int done = 0;
    while (i < chunks.size()) {
      String chunk = chunks.get(i);
      boolean blank = Text.isBlank(chunk, 0);
      int size = chunk.codePointCount(done, chunk.length());
      if (length + size <= width) {
        if (!(length == 0 && blank && !lines.isEmpty())) {
          current.append(chunk, done, chunk.length());
          length += size;
        }
        i++;
        done = 0;
        continue;
      }
      if (blank) {
        i++;
        if (length == 0) continue;
      } else if (size > width && breaksLong) {
        int cut = chunk.offsetByCodePoints(done, Math.max(1, width - length));
        current.append(chunk, done, cut);
        done = cut;
      } else if (size > width && length == 0) {
        current.append(chunk);
        i++;
      }
      rt.limits().steps(size / width);
      finish(current, lines, rt);
      length = 0;
    }
    if (length > 0) finish(current, lines, rt);
    return lines;
  }

  private static void finish(StringBuilder current, List<String> lines, Interpreter rt) {
    String line = current.toString();
    if (!lines.isEmpty() || !Text.isBlank(line, 0)) line = Text.rstrip(line);
    current.setLength(0);
    if (line.isEmpty()) return;
    rt.limits().chars(line.length());
    rt.limits().objects(1);
    lines.add(line);
  }

  /** Runs of blanks, and words with their hyphens at which they may break. */
  private static List<String> chunks(String line, boolean breaksHyphens, Interpreter rt) {
    List<String> out = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= line.length(); i++) {
      boolean end = i == line.length();
      boolean turn = !end && Text.isSpace(line.charAt(i)) != Text.isSpace(line.charAt(i - 1));
      boolean hyphen =
          !end
              && breaksHyphens
              && line.charAt(i - 1) == '-'
              && i - start > 2
              && Character.isLetter(line.charAt(i))
              && Character.isLetter(line.charAt(i - 2));
      if (end || turn || hyphen) {
        rt.limits().objects(1);
        out.add(line.substring(start, i));
        start = i;
      }
    }
    return out;
  }
}
