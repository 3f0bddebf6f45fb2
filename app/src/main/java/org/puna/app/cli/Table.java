package org.puna.app.cli;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text: columns two spaces apart, numbers to the right. */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  /** A table with these headings. */
  public Table(String... headings) {
    rows.add(List.of(headings));
  }

  /** Adds a row with as many cells as there are headings. */
  public void row(Object... cells) {
    if (cells.length != rows.getFirst().size()) {
      throw new IllegalArgumentException(
          "table: " + cells.length + " cells for " + rows.getFirst().size() + " headings");
    }
    List<String> row = new ArrayList<>();
    for (Object c : cells) {
      row.add(String.valueOf(c));
    }
    rows.add(row);
  }

  /** Returns the lines, headings first, each with a line end. */
  public String text() {
    int columns = rows.getFirst().size();
    int[] width = new int[columns];
    boolean[] right = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      width[c] = rows.stream().mapToInt(r -> r.get(column).length()).max().orElse(0);
      right[c] =
          rows.size() > 1
              && rows.stream().skip(1).allMatch(r -> r.get(column).matches("[-+]?[\\d.].*|-|"));
    }
    StringBuilder out = new StringBuilder();
    for (List<String> r : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String pad = " ".repeat(width[c] - r.get(c).length());
        line.append(c == 0 ? "" : "  ").append(right[c] ? pad + r.get(c) : r.get(c) + pad);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }
}
