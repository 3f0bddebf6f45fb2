package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/** Builds a tokenizer from a {@link Vocabulary}. */
final class VocabularyTokenizer {
  /** Spellings of tokens that end an answer, in the models that published them. */
  private static final Set<String> END_NAMES =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|eot|>",
          "<|eom|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<end_of_turn>",
          "<turn|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<EOT>",
          "<end_of_utterance>",
          "<eos>");

  private static final int LONGEST_TOKEN = 2048;

  private static final HfPreTokenizers.Cuts WHOLE =
      new HfPreTokenizers.Cuts(List.of(), List.of(Scanners::whole), false, List.of("whole"));

  private final Vocabulary vocabulary;
  private final String file;
  private final int size;
  private final TokenKind[] kinds;
  private final SpellingIds ids;

  private VocabularyTokenizer(Vocabulary vocabulary, String file) {
    this.vocabulary = vocabulary;
    this.file = file;
    size = vocabulary.tokens().size();
    if (size == 0) throw bad("tokens", "at least one token", "none");
    checkLength("scores", vocabulary.scores().length);
    checkLength("token_type", vocabulary.kinds().length);
    kinds = new TokenKind[size];
    ids = new SpellingIds(vocabulary.tokens());
    for (int id = 0; id < size; id++) {
      String token = vocabulary.tokens().get(id);
      if (token.length() > LONGEST_TOKEN) {
        throw bad("tokens[" + id + "]", "at most " + LONGEST_TOKEN + " characters", token.length());
      }
      kinds[id] = vocabulary.kind(id);
    }
    Vocabulary.Specials s = vocabulary.specials();
    checkId("bos_token_id", s.bos());
    checkId("eos_token_id", s.eos());
    checkId("eot_token_id", s.eot());
    checkId("eom_token_id", s.eom());
    checkId("unknown_token_id", s.unk());
    checkId("seperator_token_id", s.sep());
    checkId("padding_token_id", s.pad());
    checkId("mask_token_id", s.mask());
  }

  /** Builds the tokenizer; the file's name is for errors. */
  static Tokenizer build(Vocabulary vocabulary, String file) {
    VocabularyTokenizer builder = new VocabularyTokenizer(vocabulary, file);
    return switch (vocabulary.model()) {
      case "gpt2" -> builder.byteLevel();
      case "llama" -> builder.sentencePiece();
      case "t5" -> builder.unigram();
      case "bert" -> builder.wordPiece();
      default -> throw builder.bad("model", "gpt2, llama, t5 or bert", quote(vocabulary.model()));
    };
  }

  private void checkLength(String key, int length) {
    if (length != 0 && length < size) throw bad(key, "one for each of " + size + " tokens", length);
  }

  private void checkId(String key, OptionalInt id) {
    if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= size)) {
      throw bad(key, "an id below " + size, id.getAsInt());
    }
  }

  private BadInput bad(String key, String expected, Object found) {
    return new BadInput(
        file + ": tokenizer.ggml." + key + ": expected " + expected + ", found " + found);
  }

  private Tokenizer byteLevel() {
    GgufPre pre = GgufPre.named(vocabulary.pre(), file);
    ByteTable table = new ByteTable(size);
    for (int id = 0; id < size; id++) {
      if (kinds[id] != TokenKind.NORMAL) continue;
      byte[] bytes = ByteAlphabet.bytesOrNull(vocabulary.tokens().get(id));
      if (bytes != null) table.putIfAbsent(bytes, id);
    }
    BpeModel model =
        new BpeModel(
            table, size, mergeList(table), BpeModel.Rules.byteLevel(pre.wholeFirst()), false);
    Vocabulary.Specials s = vocabulary.specials();
    return pipeline(
        pre.nfc() ? Normalizers.unicode(java.text.Normalizer.Form.NFC) : Normalizer.NONE,
        pre.cuts(),
        model,
        Decoding.BYTE_LEVEL,
        s.bos(),
        s.eos(),
        template(s.bos(), s.eos(), pre.addBos(), false));
  }

  /**
   * The merges as they are listed, each by the ids of its parts.
   *
   * @param bytes ids of byte-level tokens, with which most merges are read without making strings
   */
  private PairTable mergeList(ByteTable bytes) {
    List<String> merges = vocabulary.merges();
    if (merges.isEmpty()) throw bad("merges", "merges", "none");
    PairTable pairs = new PairTable(merges.size());
    byte[] spelled = new byte[2 * LONGEST_TOKEN];
    for (int rank = 0; rank < merges.size(); rank++) {
      String merge = merges.get(rank);
      // The first part may itself begin with a space.
      int space = merge.indexOf(' ', 1);
      if (space < 0) {
        throw bad("merges[" + rank + "]", "two parts with a space between", quote(merge));
      }
      int length = ByteAlphabet.bytes(merge, space, spelled);
      int left = length < 0 ? -1 : bytes.get(spelled, 0, space);
      int right = left < 0 ? -1 : bytes.get(spelled, space, length);
      int merged = right < 0 ? -1 : bytes.get(spelled, 0, length);
      if (merged >= 0) {
        pairs.put(left, right, rank, merged);
      } else {
        String first = merge.substring(0, space);
        String second = merge.substring(space + 1);
        pairs.put(part(rank, first), part(rank, second), rank, part(rank, first + second));
      }
    }
    return pairs;
  }

  private int part(int rank, String token) {
    int id = ids.get(token);
    if (id < 0) throw bad("merges[" + rank + "]", "parts that are tokens", quote(token));
    return id;
  }

  static String quote(String text) {
    String shown = text.length() > 60 ? text.substring(0, 60) + "…" : text;
    return "'" + shown.replace("\n", "\\n").replace("\r", "\\r") + "'";
  }

  /** For each byte the token that spells it, or -1. */
  private int[] bytes(boolean untyped) {
    int[] ofByte = new int[256];
    Arrays.fill(ofByte, -1);
    for (int id = 0; id < size; id++) {
      int b = Decoding.byteToken(vocabulary.tokens().get(id));
      if (b < 0) continue;
      if (untyped) kinds[id] = TokenKind.BYTE;
      if (kinds[id] == TokenKind.BYTE && ofByte[b] < 0) ofByte[b] = id;
    }
    return ofByte;
  }

  private Tokenizer sentencePiece() {
    boolean untyped = vocabulary.kinds().length == 0;
    OptionalInt unk = or(vocabulary.specials().unk(), 0);
    OptionalInt bos = or(vocabulary.specials().bos(), 1);
    OptionalInt eos = or(vocabulary.specials().eos(), 2);
    if (untyped) {
      unk.ifPresent(id -> kinds[id] = TokenKind.UNKNOWN);
      bos.ifPresent(id -> kinds[id] = TokenKind.CONTROL);
      eos.ifPresent(id -> kinds[id] = TokenKind.CONTROL);
    }
    int[] ofByte = bytes(untyped);
    boolean prefix = vocabulary.marks().addSpacePrefix().orElse(true);
    boolean squeeze = vocabulary.marks().removeExtraWhitespaces().orElse(false);
    // Listed merges are those of a tokenizer.json, of which scores can only be derived.
    boolean listed = !vocabulary.merges().isEmpty();
    if (!listed && vocabulary.scores().length == 0) throw bad("scores", "scores", "none");
    PieceModel model =
        listed
            ? SentencePieceBpe.of(
                file,
                vocabulary.tokens(),
                kinds,
                mergeList(new ByteTable(0)),
                ofByte,
                unk.orElse(-1))
            : SentencePieceBpe.of(
                file, vocabulary.tokens(), kinds, vocabulary.scores(), ofByte, unk.orElse(-1));
    return pipeline(
        Normalizers.sentencePieceSpaces(prefix, false, squeeze),
        WHOLE,
        model,
        Decoding.sentencePiece(prefix, false),
        bos,
        eos,
        template(bos, eos, true, false));
  }

  /** A file that does not name the id has llama.cpp's. */
  private OptionalInt or(OptionalInt id, int otherwise) {
    return id.isPresent() || otherwise >= size ? id : OptionalInt.of(otherwise);
  }

  private Tokenizer unigram() {
    OptionalInt unk = or(vocabulary.specials().unk(), 2);
    OptionalInt eos = or(vocabulary.specials().eos(), 1);
    boolean prefix = vocabulary.marks().addSpacePrefix().orElse(true);
    boolean squeeze = vocabulary.marks().removeExtraWhitespaces().orElse(false);
    if (vocabulary.scores().length == 0) throw bad("scores", "scores", "none");
    int[] ofByte = bytes(false);
    boolean[] used = new boolean[size];
    double[] scores = new double[size];
    for (int id = 0; id < size; id++) {
      used[id] = kinds[id] == TokenKind.NORMAL;
      scores[id] = vocabulary.scores()[id];
    }
    List<Normalizer> steps = new ArrayList<>();
    if (vocabulary.precompiledCharsmap().length > 0) {
      String where = file + ": tokenizer.ggml.precompiled_charsmap";
      steps.add(Charsmap.read(vocabulary.precompiledCharsmap(), where).byPlaces());
    }
    steps.add(Normalizers.sentencePieceSpaces(prefix, false, squeeze));
    boolean spells = Arrays.stream(ofByte).anyMatch(id -> id >= 0);
    return pipeline(
        Normalizers.sequence(steps),
        WHOLE,
        new UnigramModel(
            vocabulary.tokens(), used, scores, unk.orElse(-1), spells ? ofByte : new int[0]),
        Decoding.sentencePiece(prefix, false),
        vocabulary.specials().bos(),
        eos,
        unigramTemplate(vocabulary.specials().bos(), eos));
  }

  /** BERT's vocabulary as GGUF has it: U+2581 marks the tokens that begin a word. */
  private Tokenizer wordPiece() {
    ByteTable starts = new ByteTable(size);
    ByteTable continuations = new ByteTable(size);
    for (int id = 0; id < size; id++) {
      if (kinds[id] != TokenKind.NORMAL) continue;
      String token = vocabulary.tokens().get(id);
      if (token.startsWith("\u2581")) starts.putIfAbsent(Utf8.encode(token.substring(1)), id);
      else continuations.putIfAbsent(Utf8.encode(token), id);
    }
    OptionalInt cls = or(vocabulary.specials().bos(), 101);
    OptionalInt sep = or(vocabulary.specials().sep(), 102);
    OptionalInt unk = or(vocabulary.specials().unk(), 100);
    if (cls.isEmpty() || sep.isEmpty() || unk.isEmpty()) {
      throw bad("bos_token_id", "ids of the tokens [CLS], [SEP] and [UNK]", "not all of them");
    }
    Template.Item first = new Template.Item.Special(new int[] {cls.getAsInt()}, 0);
    return pipeline(
        HfNormalizers.bert(true, true, true, true),
        HfPreTokenizers.bert(),
        new WordPieceModel(starts, continuations, unk.getAsInt(), 100),
        Decoding.wordPiece(),
        cls,
        sep,
        new Template(
            List.of(
                first,
                new Template.Item.First(0),
                new Template.Item.Special(new int[] {sep.getAsInt()}, 0)),
            List.of(
                first,
                new Template.Item.First(0),
                new Template.Item.Special(new int[] {sep.getAsInt()}, 0),
                new Template.Item.Second(1),
                new Template.Item.Special(new int[] {sep.getAsInt()}, 1))));
  }

  /** XLM-RoBERTa parts two texts by two ends of text, where T5 puts beginnings and ends around. */
  private Template unigramTemplate(OptionalInt bos, OptionalInt eos) {
    Template around = template(bos, eos, false, true);
    boolean both = around.before().length > 0 && around.after().length > 0;
    OptionalInt sep = vocabulary.specials().sep();
    if (!both || sep.isEmpty()) return around;
    Template.Item end = new Template.Item.Special(around.after(), 0);
    return new Template(
        around.single(),
        List.of(
            new Template.Item.Special(around.before(), 0),
            new Template.Item.First(0),
            end,
            new Template.Item.Special(new int[] {sep.getAsInt()}, 0),
            new Template.Item.Second(0),
            end));
  }

  private Template template(
      OptionalInt bos, OptionalInt eos, boolean bosUnsaid, boolean eosUnsaid) {
    boolean first = vocabulary.marks().addBos().orElse(bosUnsaid) && bos.isPresent();
    boolean last = vocabulary.marks().addEos().orElse(eosUnsaid) && eos.isPresent();
    if (!first && !last) return Template.PLAIN;
    return Template.around(
        first ? new int[] {bos.getAsInt()} : new int[0],
        last ? new int[] {eos.getAsInt()} : new int[0]);
  }

  private Tokenizer pipeline(
      Normalizer normalizer,
      HfPreTokenizers.Cuts cuts,
      PieceModel model,
      Decoding decoding,
      OptionalInt bos,
      OptionalInt eos,
      Template template) {
    List<AddedTokens.Added> added = new ArrayList<>();
    boolean[] hidden = new boolean[size];
    boolean spaced = vocabulary.model().equals("llama") || vocabulary.model().equals("t5");
    for (int id = 0; id < size; id++) {
      String token = vocabulary.tokens().get(id);
      hidden[id] = kinds[id] == TokenKind.CONTROL;
      switch (kinds[id]) {
        case CONTROL, UNKNOWN -> added.add(AddedTokens.Added.of(token, id, true));
        case USER_DEFINED ->
            added.add(
                new AddedTokens.Added(
                    spaced ? token.replace(' ', '\u2581') : token,
                    id,
                    false,
                    spaced,
                    false,
                    false,
                    false));
        case NORMAL, UNUSED, BYTE -> {}
      }
    }
    return new Pipeline(
        new Pipeline.Parts(
            vocabulary.tokens(),
            kinds,
            hidden,
            added,
            normalizer,
            cuts.text(),
            cuts.scanners(),
            model,
            template,
            decoding,
            bos,
            eos,
            ends(vocabulary.tokens(), kinds, eos, vocabulary.specials()),
            () -> vocabulary));
  }

  /** Ids that end a generation: those that the file names, and control tokens with such names. */
  static int[] ends(
      List<String> tokens, TokenKind[] kinds, OptionalInt eos, Vocabulary.@Nullable Specials s) {
    TreeSet<Integer> ends = new TreeSet<>();
    eos.ifPresent(ends::add);
    if (s != null) {
      s.eot().ifPresent(ends::add);
      s.eom().ifPresent(ends::add);
    }
    for (int id = 0; id < tokens.size(); id++) {
      boolean marked = kinds[id] == TokenKind.CONTROL || kinds[id] == TokenKind.USER_DEFINED;
      if (marked && END_NAMES.contains(tokens.get(id))) ends.add(id);
    }
    return ends.stream().mapToInt(Integer::intValue).toArray();
  }
}
