package org.puna.app.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Table;
import org.puna.model.config.BadInput;

/** A titled list of tables and notes, printed as text, Markdown or one self-contained HTML page. */
final class Report {
  private final String title;
  private final List<Section> sections = new ArrayList<>();

  Report(String title) {
    this.title = title;
  }

  private record Section(
      String title, List<String> headings, List<List<String>> rows, List<String> notes) {}

  /** Starts a table; rows are added by {@link #row}. */
  Report table(String name, String... headings) {
    sections.add(new Section(name, List.of(headings), new ArrayList<>(), new ArrayList<>()));
    return this;
  }

  /** Adds a row to the table that was started last. */
  Report row(Object... cells) {
    List<String> row = new ArrayList<>();
    for (Object c : cells) row.add(String.valueOf(c));
    sections.getLast().rows().add(row);
    return this;
  }

  /** Adds a sentence below the table that was started last. */
  Report note(String sentence) {
    if (sections.isEmpty()) table("");
    sections.getLast().notes().add(sentence);
    return this;
  }

  String text() {
    StringBuilder out = new StringBuilder();
    for (Section s : sections) {
      if (out.length() > 0) out.append('\n');
      if (!s.title().isEmpty()) out.append(s.title()).append('\n');
      if (!s.headings().isEmpty()) {
        Table t = new Table(s.headings().toArray(String[]::new));
        s.rows().forEach(r -> t.row(r.toArray()));
        out.append(t.text());
      }
      s.notes().forEach(n -> out.append(n).append('\n'));
    }
    return out.toString();
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    for (Section s : sections) {
      if (!s.title().isEmpty()) out.append("### ").append(s.title()).append("\n\n");
      if (!s.headings().isEmpty()) {
        out.append("| ").append(String.join(" | ", s.headings())).append(" |\n|");
        out.append("---|".repeat(s.headings().size())).append('\n');
        for (List<String> r : s.rows()) {
          out.append("| ").append(String.join(" | ", r)).append(" |\n");
        }
        out.append('\n');
      }
      s.notes().forEach(n -> out.append(n).append("\n\n"));
    }
    return out.toString();
  }

  String html() {
    StringBuilder b = new StringBuilder();
    b.append("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>")
        .append(escape(title))
        .append("</title>\n<style>body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;")
        .append("margin:2rem auto;padding:0 1rem;color:#222;background:#fff}table{border-collapse:")
        .append("collapse;margin:.5rem 0 1rem;display:block;overflow-x:auto}th,td{padding:.25rem ")
        .append(".75rem;border-bottom:1px solid #ddd;text-align:left}td.n{text-align:right;")
        .append("font-variant-numeric:tabular-nums}p{margin:.25rem 0;color:#444}</style>\n<h1>")
        .append(escape(title))
        .append("</h1>\n");
    for (Section s : sections) {
      if (!s.title().isEmpty()) b.append("<h2>").append(escape(s.title())).append("</h2>\n");
      if (!s.headings().isEmpty()) {
        b.append("<table><thead><tr>");
        s.headings().forEach(h -> b.append("<th>").append(escape(h)).append("</th>"));
        b.append("</tr></thead><tbody>\n");
        for (List<String> r : s.rows()) {
          b.append("<tr>");
          for (String c : r) {
            boolean number = c.matches("[-+]?[0-9].*");
            b.append(number ? "<td class=\"n\">" : "<td>").append(escape(c)).append("</td>");
          }
          b.append("</tr>\n");
        }
        b.append("</tbody></table>\n");
      }
      s.notes().forEach(n -> b.append("<p>").append(escape(n)).append("</p>\n"));
    }
    return b.append("</html>\n").toString();
  }

  private static String escape(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /**
   * Prints the report as the options say.
   *
   * @param context the streams
   * @param options text, JSON, Markdown or a page
   * @param json the value that {@code --json} prints
   */
  void print(Context context, ReportOptions options, Object json) {
    Path page = options.html();
    if (page != null) write(page, context);
    if (options.json()) {
      context.json(json);
    } else if (options.markdown()) {
      context.console().out().print(markdown());
    } else if (page == null) {
      context.console().out().print(text());
    }
  }

  private void write(@Nullable Path page, Context context) {
    if (page == null) return;
    try {
      Files.writeString(page, html());
      context.note("puna: wrote " + page);
    } catch (IOException e) {
      throw new BadInput(
          page + ": cannot be written: " + e.getMessage() + "; give a path in a folder that exists",
          e);
    }
  }
}
