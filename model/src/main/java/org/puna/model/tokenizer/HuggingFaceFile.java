package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/** Builds a tokenizer from a {@code tokenizer.json} and what other files of its folder say. */
final class HuggingFaceFile {
  /** Places in a vocabulary without a token that are accepted, beside as many as tokens. */
  private static final int MOST_HOLES = 1 << 16;

  private final HfJson json;
  private final JsonAt top;
  private final JsonAt model;
  private final String file;
  private final List<AddedTokens.Added> added = new ArrayList<>();
  private final List<String> tokens = new ArrayList<>();
  private final TokenKind[] kinds;
  private final boolean[] hidden;
  private final Normalizer normalizer;
  private final HfPreTokenizers.Cuts cuts;

  private HuggingFaceFile(byte[] content, String file) {
    this.file = file;
    json = HfJson.read(content, file);
    top = new JsonAt(json.top, file);
    model = new JsonAt(json.model, file + ".model");
    normalizer = HfNormalizers.read(top.get("normalizer"));
    cuts = HfPreTokenizers.read(top.get("pre_tokenizer"));
    readAdded();
    readTokens();
    kinds = new TokenKind[tokens.size()];
    hidden = new boolean[tokens.size()];
    readKinds();
  }

  /** Whether a file begins as JSON. */
  static boolean looksLike(byte[] file) {
    int i = 0;
    if (file.length > 3 && file[0] == (byte) 0xEF) i = 3;
    while (i < file.length
        && (file[i] == ' ' || file[i] == '\n' || file[i] == '\r' || file[i] == '\t')) {
      i++;
    }
    return i < file.length && file[i] == '{';
  }

  /**
   * Builds the tokenizer.
   *
   * @param content the file
   * @param file its name, for errors
   * @param config what other files of the folder say
   */
  static Tokenizer read(byte[] content, String file, HfConfig config) {
    return new HuggingFaceFile(content, file).build(config);
  }

  private void readAdded() {
    JsonAt list = top.get("added_tokens");
    if (list.isNothing()) return;
    for (JsonAt item : list.list()) {
      String content = item.get("content").string();
      if (content.isEmpty()) continue;
      boolean special = item.get("special").bool(false);
      boolean normalized = item.get("normalized").bool(!special);
      added.add(
          new AddedTokens.Added(
              normalized && !normalizer.equals(Normalizer.NONE)
                  ? normalizer.apply(content)
                  : content,
              item.get("id").integer(0, Integer.MAX_VALUE - 1),
              special,
              normalized,
              item.get("single_word").bool(false),
              item.get("lstrip").bool(false),
              item.get("rstrip").bool(false)));
    }
  }

  private void readTokens() {
    int count = json.vocab.size() + json.pieces.size() + added.size();
    int most = Math.max(0, json.pieces.size() - 1);
    for (int id : json.vocab.values()) most = Math.max(most, id);
    for (AddedTokens.Added token : added) most = Math.max(most, token.id());
    if (count == 0) throw new BadInput(file + ".model.vocab: expected tokens, found none");
    if (most >= 2L * count + MOST_HOLES) {
      throw new BadInput(
          file + ": expected ids without great holes, found id " + most + " among " + count);
    }
    @Nullable String[] spelled = new @Nullable String[most + 1];
    for (Map.Entry<String, Integer> token : json.vocab.entrySet()) {
      spelled[token.getValue()] = token.getKey();
    }
    for (int id = 0; id < json.pieces.size(); id++) spelled[id] = json.pieces.get(id);
    List<JsonAt> list =
        top.get("added_tokens").isNothing() ? List.of() : top.get("added_tokens").list();
    for (JsonAt item : list) {
      String content = item.get("content").string();
      if (!content.isEmpty()) spelled[item.get("id").integer(0, most)] = content;
    }
    for (int id = 0; id < spelled.length; id++) {
      String token = spelled[id];
      tokens.add(token == null ? "[PAD" + id + "]" : token);
    }
  }

  private void readKinds() {
    boolean[] known = new boolean[tokens.size()];
    for (int id : json.vocab.values()) known[id] = true;
    Arrays.fill(known, 0, json.pieces.size(), true);
    Arrays.fill(kinds, TokenKind.NORMAL);
    for (AddedTokens.Added token : added) {
      known[token.id()] = true;
      kinds[token.id()] = token.special() ? TokenKind.CONTROL : TokenKind.USER_DEFINED;
      hidden[token.id()] = token.special();
    }
    for (int id = 0; id < known.length; id++) if (!known[id]) kinds[id] = TokenKind.UNUSED;
    unknown().ifPresent(id -> kinds[id] = TokenKind.UNKNOWN);
    if (bytesFallBack()) {
      for (int id = 0; id < tokens.size(); id++) {
        if (Decoding.byteToken(tokens.get(id)) < 0) continue;
        kinds[id] = TokenKind.BYTE;
        hidden[id] = false;
      }
    }
  }

  private boolean bytesFallBack() {
    return model.get("byte_fallback").bool(false);
  }

  private OptionalInt unknown() {
    JsonAt id = model.get("unk_id");
    if (!id.isNothing()) return OptionalInt.of(id.integer(0, tokens.size() - 1));
    JsonAt token = model.get("unk_token");
    if (token.isNothing()) return OptionalInt.empty();
    Integer found = json.vocab.get(token.string());
    return found == null ? OptionalInt.empty() : OptionalInt.of(found);
  }

  private Tokenizer build(HfConfig config) {
    String type = model.get("type").string(guessType());
    PieceModel pieceModel =
        switch (type) {
          case "BPE" -> bpe();
          case "WordPiece" -> wordPiece();
          case "Unigram" -> unigram();
          case "WordLevel" -> wordLevel();
          default -> throw model.get("type").bad("BPE, WordPiece, Unigram or WordLevel");
        };
    Template template = HfTemplates.read(top.get("post_processor"), tokens.size());
    HfConfig.Special ids = config.ids(tokens, template);
    if (template.equals(Template.PLAIN)) template = ids.template();
    Template around = template;
    return new Pipeline(
        new Pipeline.Parts(
            tokens,
            kinds,
            hidden,
            added,
            normalizer,
            cuts.text(),
            cuts.scanners(),
            pieceModel,
            template,
            HfDecoders.read(top.get("decoder")),
            ids.bos(),
            ids.eos(),
            ends(ids),
            () -> new HfVocabulary(top, model, json, file).view(tokens, kinds, cuts, ids, around)));
  }

  private int[] ends(HfConfig.Special ids) {
    int[] named = VocabularyTokenizer.ends(tokens, kinds, ids.eos(), null);
    return java.util.stream.IntStream.concat(Arrays.stream(named), Arrays.stream(ids.ends()))
        .sorted()
        .distinct()
        .toArray();
  }

  /** Old files do not say what their model is. */
  private String guessType() {
    if (!json.pieces.isEmpty()) return "Unigram";
    return json.merges.isEmpty() ? "WordPiece" : "BPE";
  }

  private PieceModel bpe() {
    ByteTable table = new ByteTable(json.vocab.size());
    int[] ofByte = new int[bytesFallBack() ? 256 : 0];
    Arrays.fill(ofByte, -1);
    for (Map.Entry<String, Integer> token : json.vocab.entrySet()) {
      int id = token.getValue();
      byte[] bytes =
          cuts.byteLevel() ? ByteAlphabet.bytesOrNull(token.getKey()) : Utf8.encode(token.getKey());
      if (bytes != null && kinds[id] != TokenKind.CONTROL) table.putIfAbsent(bytes, id);
      int b = Decoding.byteToken(token.getKey());
      if (ofByte.length > 0 && b >= 0) ofByte[b] = id;
    }
    String prefix = model.get("continuing_subword_prefix").string("");
    PairTable pairs = new PairTable(json.merges.size() / 2);
    boolean cuts = true;
    for (int i = 0; i < json.merges.size(); i += 2) {
      String left = json.merges.get(i);
      String right = json.merges.get(i + 1);
      if (right.length() < prefix.length()) throw merge(i, right);
      pairs.put(
          part(i, left), part(i, right), i / 2, part(i, left + right.substring(prefix.length())));
      cuts &= !(right.startsWith("\u2581") && !left.endsWith("\u2581"));
    }
    for (String token : json.vocab.keySet()) {
      if (model.get("ignore_merges").bool(false)) cuts &= !SentencePieceBpe.spaceInside(token);
    }
    String suffix = model.get("end_of_word_suffix").string("");
    return new BpeModel(
        table,
        tokens.size(),
        pairs,
        new BpeModel.Rules(
            this.cuts.byteLevel(),
            model.get("ignore_merges").bool(false),
            ofByte,
            unknown().orElse(-1),
            model.get("fuse_unk").bool(false),
            prefix,
            suffix,
            new boolean[0],
            new int[0][]),
        cuts && !this.cuts.byteLevel() && suffix.isEmpty() && prefix.isEmpty());
  }

  private int part(int merge, String token) {
    Integer id = json.vocab.get(token);
    if (id == null) throw merge(merge, token);
    return id;
  }

  private BadInput merge(int i, String token) {
    return new BadInput(
        file
            + ".model.merges["
            + i / 2
            + "]: expected parts that are tokens, found "
            + VocabularyTokenizer.quote(token));
  }

  private PieceModel wordPiece() {
    String prefix = model.get("continuing_subword_prefix").string("##");
    ByteTable starts = new ByteTable(json.vocab.size());
    ByteTable continuations = new ByteTable(json.vocab.size());
    for (Map.Entry<String, Integer> token : json.vocab.entrySet()) {
      starts.putIfAbsent(Utf8.encode(token.getKey()), token.getValue());
      if (token.getKey().startsWith(prefix)) {
        continuations.putIfAbsent(
            Utf8.encode(token.getKey().substring(prefix.length())), token.getValue());
      }
    }
    JsonAt most = model.get("max_input_chars_per_word");
    return new WordPieceModel(
        starts, continuations, needUnknown(), most.isNothing() ? 100 : most.integer(0, 1 << 16));
  }

  private int needUnknown() {
    OptionalInt unknown = unknown();
    if (unknown.isEmpty()) {
      // WordPiece files may leave it to the default.
      Integer usual = json.vocab.get("[UNK]");
      if (usual == null) throw model.get("unk_token").bad("a token of the vocabulary");
      return usual;
    }
    return unknown.getAsInt();
  }

  private PieceModel wordLevel() {
    ByteTable table = new ByteTable(json.vocab.size());
    json.vocab.forEach((token, id) -> table.putIfAbsent(Utf8.encode(token), id));
    int unknown = unknown().orElse(-1);
    return (s, from, to, out, work) -> {
      int id = table.get(s, from, to);
      if (id < 0) id = unknown;
      if (id >= 0) out.add(id);
    };
  }

  private PieceModel unigram() {
    if (json.pieces.isEmpty()) throw model.get("vocab").bad("pieces and scores");
    double[] scores = json.scores.stream().mapToDouble(Double::doubleValue).toArray();
    boolean[] used = new boolean[scores.length];
    Arrays.fill(used, true);
    int[] ofByte = new int[bytesFallBack() ? 256 : 0];
    Arrays.fill(ofByte, -1);
    for (int id = 0; id < scores.length; id++) {
      int b = Decoding.byteToken(json.pieces.get(id));
      if (ofByte.length > 0 && b >= 0) ofByte[b] = id;
    }
    return new UnigramModel(json.pieces, used, scores, unknown().orElse(-1), ofByte);
  }
}
