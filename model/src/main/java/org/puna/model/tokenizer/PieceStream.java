package org.puna.model.tokenizer;

/** The decoder of one sequence for a {@link Pipeline}. */
final class PieceStream implements StreamDecoder {
  private final Pipeline tokenizer;
  private final Decoding decoding;
  private final boolean showSpecial;
  private final Utf8Stream utf8;
  private boolean first = true;

  /** How many characters may still be cut off the start. */
  private int toStrip;

  /** Characters that may turn out to be the cut end of the text. */
  private final StringBuilder held = new StringBuilder();

  /** The last token, where it must be known whether another follows. */
  private String late = "";

  PieceStream(Pipeline tokenizer, Decoding decoding, boolean showSpecial) {
    this.tokenizer = tokenizer;
    this.decoding = decoding;
    this.showSpecial = showSpecial;
    utf8 = new Utf8Stream(decoding.spelling() == Decoding.Spelling.TEXT_AND_BYTES);
    toStrip = decoding.strip().start();
  }

  @Override
  public String add(int id) {
    if (tokenizer.isHidden(id) && !showSpecial) return "";
    StringBuilder out = new StringBuilder();
    if (decoding.lateSuffix().isEmpty()) {
      utf8.add(first ? tokenizer.firstBytes(id) : tokenizer.bytes(id), out);
    } else {
      utf8.add(Utf8.encode(late.replace(decoding.lateSuffix(), " ")), out);
      late = tokenizer.token(id);
    }
    first = false;
    return strip(out, false);
  }

  @Override
  public String finish() {
    StringBuilder out = new StringBuilder();
    utf8.add(Utf8.encode(late.replace(decoding.lateSuffix(), "")), out);
    late = "";
    utf8.finish(out);
    return strip(out, true);
  }

  private String strip(StringBuilder out, boolean end) {
    Decoding.Strip strip = decoding.strip();
    int from = 0;
    while (toStrip > 0 && from < out.length()) {
      if (out.charAt(from) == strip.content()) {
        from++;
        toStrip--;
      } else {
        toStrip = 0;
      }
    }
    if (strip.stop() == 0) return out.substring(from);
    held.append(out, from, out.length());
    int keep = held.length();
    int least = Math.max(0, keep - strip.stop());
    while (keep > least && held.charAt(keep - 1) == strip.content()) keep--;
    String text = held.substring(0, keep);
    if (end) held.setLength(0);
    else held.delete(0, keep);
    return text;
  }
}
