package org.puna.fleet.sim.report;

import java.util.ArrayList;
import java.util.List;

/** One plot as SVG text: axes with grid lines, then areas, lines, bars. Sizes in pixels. */
final class Plot {
  static final double LEFT = 54;
  static final double RIGHT = 14;
  static final double TOP = 12;
  static final double BOTTOM = 30;

  private final double width;
  private final double height;
  private final StringBuilder body = new StringBuilder();
  private final String label;

  Plot(double width, double height, String label) {
    this.width = width;
    this.height = height;
    this.label = label;
  }

  double left() {
    return LEFT;
  }

  double right() {
    return width - RIGHT;
  }

  double top() {
    return TOP;
  }

  double bottom() {
    return height - BOTTOM;
  }

  /** Grid lines and labels of the vertical axis. */
  Plot vertical(Scale y) {
    for (Scale.Tick t : y.ticks()) {
      double at = y.at(t.value());
      line(left(), at, right(), at, "grid");
      text(left() - 7, at + 4, "end", t.label());
    }
    return this;
  }

  /** Labels and small ticks of the horizontal axis; labels that would touch are left out. */
  Plot horizontal(Scale x) {
    line(left(), bottom(), right(), bottom(), "axis");
    double free = Double.NEGATIVE_INFINITY;
    for (Scale.Tick t : x.ticks()) {
      double at = x.at(t.value());
      line(at, bottom(), at, bottom() + 4, "axis");
      double half = t.label().length() * 3.3;
      double middle = Math.min(Math.max(at, half), width - half);
      if (middle - half < free) continue;
      text(middle, bottom() + 18, "middle", t.label());
      free = middle + half + 8;
    }
    return this;
  }

  /** The area between two lines, given by their bin edges: values hold over each bin. */
  Plot band(Scale x, Scale y, double binWidth, double[] low, double[] high, String cls) {
    List<String> up = new ArrayList<>();
    List<String> down = new ArrayList<>();
    for (int i = 0; i < high.length; i++) {
      double from = x.at(i * binWidth);
      double to = x.at(Math.min((i + 1) * binWidth, x.max()));
      up.add(point(from, y.at(high[i])) + " " + point(to, y.at(high[i])));
      down.addFirst(point(to, y.at(low[i])) + " " + point(from, y.at(low[i])));
    }
    body.append("<path class=\"").append(cls).append("\" d=\"M");
    body.append(String.join(" ", up)).append(' ').append(String.join(" ", down)).append("Z\"/>\n");
    return this;
  }

  /** A line through points. */
  Plot line(double[] xs, double[] ys, String cls) {
    List<String> points = new ArrayList<>();
    for (int i = 0; i < xs.length; i++) points.add(point(xs[i], ys[i]));
    body.append("<polyline class=\"").append(cls).append("\" points=\"");
    body.append(String.join(" ", points)).append("\"/>\n");
    return this;
  }

  /** A bar that says its figure when pointed at. */
  Plot bar(double x, double y, double w, double h, String cls, String says) {
    if (w <= 0 || h <= 0) return this;
    body.append("<rect class=\"").append(cls).append("\" x=\"").append(Numbers.px(x));
    body.append("\" y=\"").append(Numbers.px(y)).append("\" width=\"").append(Numbers.px(w));
    body.append("\" height=\"").append(Numbers.px(h)).append("\"><title>");
    body.append(Numbers.escape(says)).append("</title></rect>\n");
    return this;
  }

  Plot line(double x1, double y1, double x2, double y2, String cls) {
    body.append("<line class=\"").append(cls).append("\" x1=\"").append(Numbers.px(x1));
    body.append("\" y1=\"").append(Numbers.px(y1)).append("\" x2=\"").append(Numbers.px(x2));
    body.append("\" y2=\"").append(Numbers.px(y2)).append("\"/>\n");
    return this;
  }

  Plot text(double x, double y, String anchor, String says) {
    body.append("<text x=\"").append(Numbers.px(x)).append("\" y=\"").append(Numbers.px(y));
    body.append("\" text-anchor=\"").append(anchor).append("\">");
    body.append(Numbers.escape(says)).append("</text>\n");
    return this;
  }

  private static String point(double x, double y) {
    return Numbers.px(x) + "," + Numbers.px(y);
  }

  /** Returns the SVG element. */
  String svg() {
    return "<svg viewBox=\"0 0 "
        + Numbers.px(width)
        + " "
        + Numbers.px(height)
        + "\" role=\"img\" aria-label=\""
        + Numbers.escape(label)
        + "\">\n"
        + body
        + "</svg>\n";
  }
}
