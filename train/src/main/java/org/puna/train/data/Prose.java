package org.puna.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The prose of a book in Markdown or plain text: its sections, each a list of paragraphs, without
 * what is not read aloud. Headings, rules, pictures, tables, contents and the licence texts of
 * Project Gutenberg go; lines that were broken for a page are joined; marks of emphasis and curly
 * quotes become plain.
 */
public final class Prose {
  private static final Pattern HEADING = Pattern.compile("#{1,6}\\s*(.*?)\\s*#*");
  private static final Pattern RULE = Pattern.compile("[\\s*_=~+.#-]{3,}");
  private static final Pattern PICTURE =
      Pattern.compile("!\\[[^\\]]*\\]\\([^)]*\\)|\\[Illustration[^\\]]*\\]|<[^>]{1,200}>");
  private static final Pattern NOTE = Pattern.compile("\\[\\d{1,4}\\]|\\{\\d{1,4}\\}");
  private static final Pattern ITALIC =
      Pattern.compile("(?<![\\p{L}\\p{N}])_+|_+(?![\\p{L}\\p{N}])");
  private static final Pattern STARS = Pattern.compile("\\*{1,3}(?=\\S)|(?<=\\S)\\*{1,3}");
  private static final Pattern LOOSE = Pattern.compile("\\s+([,.;:!?])");
  private static final Pattern HEAD_FIELD =
      Pattern.compile("(title|author|year|translator|language)\\s*:.*", Pattern.CASE_INSENSITIVE);

  /**
   * Part of a paragraph's characters that are small letters, below which it is a list or a title.
   */
  private static final double LEAST_LETTERS = 0.55;

  /** Characters of a section below which it is a motto or a page of the binding. */
  private static final int LEAST_SECTION = 200;

  private Prose() {}

  /**
   * A section.
   *
   * @param title its heading, empty where it has none
   * @param paragraphs without line ends
   */
  public record Section(String title, List<String> paragraphs) {
    /** Returns the paragraphs with a blank line between them. */
    public String text() {
      return String.join("\n\n", paragraphs);
    }
  }

  /** Returns the sections of a book that hold prose. */
  public static List<Section> sections(String book) {
    List<Section> out = new ArrayList<>();
    String title = "";
    List<String> paragraphs = new ArrayList<>();
    StringBuilder lines = new StringBuilder();
    for (String raw : body(book).lines().toList()) {
      String line = PICTURE.matcher(raw.strip()).replaceAll("").strip();
      var heading = HEADING.matcher(line);
      boolean breaks = line.isEmpty() || RULE.matcher(line).matches() || line.startsWith("|");
      if (heading.matches()) {
        end(lines, paragraphs);
        add(out, title, paragraphs);
        title = plain(heading.group(1));
        paragraphs = new ArrayList<>();
      } else if (breaks) {
        end(lines, paragraphs);
      } else {
        lines
            .append(lines.isEmpty() ? "" : " ")
            .append(line.startsWith("> ") ? line.substring(2) : line);
      }
    }
    end(lines, paragraphs);
    add(out, title, paragraphs);
    return out;
  }

  /** What lies between the marks that Project Gutenberg puts around a book, all without them. */
  private static String body(String book) {
    int from = 0;
    int to = book.length();
    int start = book.indexOf("*** START OF");
    if (start >= 0) from = Math.max(start, book.indexOf('\n', start));
    int end = book.indexOf("*** END OF", from);
    if (end >= 0) to = end;
    return book.substring(from, to);
  }

  private static void end(StringBuilder lines, List<String> paragraphs) {
    String p = plain(lines.toString());
    lines.setLength(0);
    if (isProse(p)) paragraphs.add(p);
  }

  private static void add(List<Section> out, String title, List<String> paragraphs) {
    int length = paragraphs.stream().mapToInt(String::length).sum();
    boolean head = HEAD_FIELD.matcher(title).matches();
    if (length >= LEAST_SECTION) out.add(new Section(head ? "" : title, List.copyOf(paragraphs)));
  }

  private static boolean isProse(String p) {
    if (p.isEmpty() || HEAD_FIELD.matcher(p).matches()) return false;
    String lower = p.toLowerCase(Locale.ROOT);
    if (lower.contains("project gutenberg") || lower.startsWith("translated by")) return false;
    long small = p.chars().filter(Character::isLowerCase).count();
    return small >= LEAST_LETTERS * p.length();
  }

  private static String plain(String s) {
    String t =
        s.replaceAll("[\u201c\u201d\u201e\u00ab\u00bb]", "\"").replaceAll("[\u2018\u2019]", "'");
    t = t.replace('\u00a0', ' ').replace("\u2026", "...").replace("\u2014", "--");
    t = NOTE.matcher(t).replaceAll("");
    t = ITALIC.matcher(t).replaceAll("");
    t = STARS.matcher(t).replaceAll("");
    t = LOOSE.matcher(t).replaceAll("$1");
    return t.replaceAll("\\s+", " ").strip();
  }
}
