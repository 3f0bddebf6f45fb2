package org.puna.checks;

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
 * Documents that tests write: a test compares what it computed with the committed page, or writes
 * the page where the system property {@code puna.write-docs} is {@code true}.
 */
public final class Documents {
  /** Measured numbers stand in pages as 1.2e-07: they differ a little from machine to machine. */
  private static final Pattern MEASURED = Pattern.compile("\\d(?:\\.\\d+)?e[-+]\\d+");

  /** How many times larger or smaller a measured number may be on another machine. */
  private static final double FACTOR = 30;

  private Documents() {}

  /**
   * Compares a page with the committed one, measured numbers by their size.
   *
   * @param name path below {@code docs}
   * @param page the page as it should be
   */
  public static void check(String name, String page) throws IOException {
    Path file = root().resolve("docs").resolve(name);
    if (Boolean.getBoolean("puna.write-docs")) {
      Files.writeString(file, page);
      return;
    }
    String committed = Files.exists(file) ? Files.readString(file) : "";
    String how =
        "docs/"
            + name
            + " is not what the code says; write it with"
            + " mvn -q -pl checks -am verify -Dpuna.write-docs=true";
    assertThat(MEASURED.matcher(committed).replaceAll("#"))
        .as(how)
        .isEqualTo(MEASURED.matcher(page).replaceAll("#"));
    List<Double> was = numbers(committed);
    List<Double> is = numbers(page);
    for (int i = 0; i < is.size(); i++) {
      assertThat(is.get(i)).as(how).isBetween(was.get(i) / FACTOR, was.get(i) * FACTOR);
    }
  }

  private static List<Double> numbers(String page) {
    List<Double> out = new ArrayList<>();
    Matcher m = MEASURED.matcher(page);
    while (m.find()) {
      out.add(Double.parseDouble(m.group()));
    }
    return out;
  }

  /** Returns the root of the repository. */
  public static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("puna"))) {
      at = at.getParent();
    }
    return Objects.requireNonNull(at, "no repository above the working directory");
  }
}
