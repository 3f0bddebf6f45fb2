package org.puna.model.chat;

/** Text under construction, each piece accounted for before it is added. */
final class Output {
  private final Limits limits;
  private final StringBuilder text = new StringBuilder();

  Output(Limits limits) {
    this.limits = limits;
  }

  Output append(String piece) {
    limits.chars(piece.length());
    limits.length((long) text.length() + piece.length());
    text.append(piece);
    return this;
  }

  String text() {
    return text.toString();
  }
}
