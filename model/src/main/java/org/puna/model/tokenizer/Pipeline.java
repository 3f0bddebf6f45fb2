package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * The one tokenizer, put together from parts by what reads a file: added tokens are found, the text
 * between them is normalised, cut into pieces, and each piece spelled in tokens.
 */
final class Pipeline implements Tokenizer {
  /**
   * The parts.
   *
   * @param tokens spelling of each id
   * @param kinds kind of each id
   * @param hidden for each id whether it vanishes where special tokens are not shown
   * @param added tokens that are found by their spelling; of those that are looked for in the
   *     normalised text the normalised spelling
   * @param normalizer rewriting, or {@link Normalizer#NONE}
   * @param preTokenizers cuts on text, in order; may be none
   * @param scanners cuts on UTF-8 after those, in order; at least one
   * @param model spelling of a piece
   * @param template what a sequence begins and ends with
   * @param decoding the way back
   * @param bos beginning of text
   * @param eos end of text
   * @param ends ids that end a generation
   * @param vocabulary the view for GGUF, made when asked for
   */
  record Parts(
      List<String> tokens,
      TokenKind[] kinds,
      boolean[] hidden,
      List<AddedTokens.Added> added,
      Normalizer normalizer,
      List<PreTokenizer> preTokenizers,
      List<Scanner> scanners,
      PieceModel model,
      Template template,
      Decoding decoding,
      OptionalInt bos,
      OptionalInt eos,
      int[] ends,
      Supplier<Vocabulary> vocabulary) {}

  private final Parts parts;
  private final Scanner[] scanners;
  private final SpellingIds ids;

  /** Tokens that are found in the text: all, and those that are not special. */
  private final AddedTokens inText;

  private final AddedTokens inTextPlain;

  /** Likewise in the normalised text. */
  private final AddedTokens inNormalized;

  private final AddedTokens inNormalizedPlain;

  Pipeline(Parts parts) {
    this.parts = parts;
    scanners = parts.scanners.toArray(Scanner[]::new);
    ids = new SpellingIds(parts.tokens);
    List<AddedTokens.Added> raw = new ArrayList<>();
    List<AddedTokens.Added> normalized = new ArrayList<>();
    for (AddedTokens.Added token : parts.added) {
      if (token.normalized()) {
        normalized.add(token);
      } else {
        raw.add(token);
      }
    }
    inText = new AddedTokens(raw);
    inNormalized = new AddedTokens(normalized);
    raw.removeIf(AddedTokens.Added::special);
    normalized.removeIf(AddedTokens.Added::special);
    inTextPlain = new AddedTokens(raw);
    inNormalizedPlain = new AddedTokens(normalized);
  }

  @Override
  public int vocabSize() {
    return parts.tokens.size();
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    String wellFormed = Utf8.wellFormed(text);
    Ids out = new Ids(text.length() / 3 + 16);
    PieceModel.Work work = new PieceModel.Work();
    AddedTokens added = parseSpecial ? inText : inTextPlain;
    if (added.isEmpty()) {
      if (!text.isEmpty()) segment(wellFormed, true, parseSpecial, out, work);
      return out.toArray();
    }
    added.split(
        wellFormed,
        new AddedTokens.Parts() {
          @Override
          public void text(int from, int to) {
            segment(wellFormed.substring(from, to), from == 0, parseSpecial, out, work);
          }

          @Override
          public void token(int id) {
            out.add(id);
          }
        });
    return out.toArray();
  }

  private String normalize(String text) {
    return parts.normalizer.equals(Normalizer.NONE) ? text : parts.normalizer.apply(text);
  }

  private void segment(
      String text, boolean start, boolean parseSpecial, Ids out, PieceModel.Work work) {
    String normalized = normalize(text);
    if (normalized.isEmpty()) return;
    AddedTokens added = parseSpecial ? inNormalized : inNormalizedPlain;
    if (added.isEmpty()) {
      cut(0, normalized, start, out, work);
      return;
    }
    added.split(
        normalized,
        new AddedTokens.Parts() {
          @Override
          public void text(int from, int to) {
            cut(0, normalized.substring(from, to), start && from == 0, out, work);
          }

          @Override
          public void token(int id) {
            out.add(id);
          }
        });
  }

  private void cut(int level, String text, boolean start, Ids out, PieceModel.Work work) {
    if (level == parts.preTokenizers.size()) {
      byte[] s = Utf8.encodePadded(text);
      scan(0, s, 0, s.length - Utf8.PADDING, out, work);
      return;
    }
    boolean first = start;
    for (String piece : parts.preTokenizers.get(level).split(text, start)) {
      if (!piece.isEmpty()) cut(level + 1, piece, first, out, work);
      first = false;
    }
  }

  private void scan(int level, byte[] s, int from, int to, Ids out, PieceModel.Work work) {
    Scanner scanner = scanners[level];
    boolean last = level == scanners.length - 1;
    int p = from;
    while (p < to) {
      int end = scanner.next(s, p, to);
      if (last) parts.model.encode(s, p, end, out, work);
      else scan(level + 1, s, p, end, out, work);
      p = end;
    }
  }

  @Override
  public Encoding encodeSegments(String text, boolean parseSpecial) {
    return Template.fill(parts.template.single(), encode(text, parseSpecial), new int[0]);
  }

  @Override
  public Encoding encodePair(String first, String second, boolean parseSpecial) {
    return Template.fill(
        parts.template.pair(), encode(first, parseSpecial), encode(second, parseSpecial));
  }

  @Override
  public StreamDecoder stream(boolean showSpecial) {
    return new PieceStream(this, parts.decoding, showSpecial);
  }

  @Override
  public byte[] bytes(int id) {
    return parts.decoding.bytes(token(id), false);
  }

  byte[] firstBytes(int id) {
    return parts.decoding.bytes(token(id), true);
  }

  boolean isHidden(int id) {
    check(id);
    return parts.hidden[id];
  }

  @Override
  public String token(int id) {
    check(id);
    return parts.tokens.get(id);
  }

  @Override
  public TokenKind kind(int id) {
    check(id);
    return parts.kinds[id];
  }

  private void check(int id) {
    if (id < 0 || id >= vocabSize()) {
      throw new IllegalArgumentException(
          "token id " + id + " is outside the vocabulary of " + vocabSize());
    }
  }

  @Override
  public OptionalInt id(String token) {
    int id = ids.get(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public OptionalInt bos() {
    return parts.bos;
  }

  @Override
  public OptionalInt eos() {
    return parts.eos;
  }

  @Override
  public int[] endOfGeneration() {
    return parts.ends.clone();
  }

  @Override
  public Vocabulary vocabulary() {
    return parts.vocabulary.get();
  }
}
