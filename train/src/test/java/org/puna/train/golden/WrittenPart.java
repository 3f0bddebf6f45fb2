package org.puna.train.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a document that a test writes, between a comment with its name and a comment {@code
 * end}: compared with what is committed, or written where the system property {@code
 * puna.write-docs} is {@code true}.
 */
final class WrittenPart {
  /** Measured numbers stand in documents as 1.2e-07. */
  private static final Pattern MEASURED = Pattern.compile("\\d(?:\\.\\d+)?e[-+]\\d+");

  /** How many times larger a deviation may be on a machine with vectors of another length. */
  private static final double FACTOR = 30;

  /**
   * Deviations below are never held against the page: Adam makes of the last bits of a gradient
   * near zero a difference of any size up to some part of the learning rate.
   */
  private static final double LAST_BITS = 1e-4;

  private WrittenPart() {}

  /**
   * Compares: words are the same, measured numbers of the same size. A smaller deviation than the
   * committed one is no fault.
   *
   * @param document name below {@code docs}
   * @param name of the part
   * @param text what it should be, with a line end
   */
  static void check(String document, String name, String text) throws IOException {
    Path file = root().resolve("docs").resolve(document);
    String all = Files.readString(file);
    String begin = "<!-- " + name + " -->\n";
    int from = all.indexOf(begin);
    int to = from < 0 ? -1 : all.indexOf("<!-- end -->", from);
    assertThat(to).as(file + ": the part '" + name + "' between its comments").isPositive();
    int first = from + begin.length();
    String page = "\n" + text + "\n";
    if (Boolean.getBoolean("puna.write-docs")) {
      Files.writeString(file, all.substring(0, first) + page + all.substring(to));
      return;
    }
    String committed = all.substring(first, to);
    String how =
        "docs/"
            + document
            + " is not what the runs say; write it with"
            + " mvn -q -pl train -am verify -Dpuna.write-docs=true";
    assertThat(MEASURED.matcher(committed).replaceAll("#"))
        .as(how)
        .isEqualTo(MEASURED.matcher(page).replaceAll("#"));
    List<Double> was = numbers(committed);
    List<Double> is = numbers(page);
    for (int i = 0; i < is.size(); i++) {
      assertThat(is.get(i)).as(how).isLessThanOrEqualTo(Math.max(LAST_BITS, FACTOR * was.get(i)));
    }
  }

  private static List<Double> numbers(String text) {
    List<Double> out = new ArrayList<>();
    Matcher m = MEASURED.matcher(text);
    while (m.find()) out.add(Double.parseDouble(m.group()));
    return out;
  }

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("puna"))) at = at.getParent();
    return Objects.requireNonNull(at, "no repository above the working directory");
  }
}
