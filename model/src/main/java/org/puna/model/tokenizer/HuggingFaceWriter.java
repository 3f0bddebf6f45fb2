package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a {@link Vocabulary} as {@code tokenizer.json}. */
final class HuggingFaceWriter {
  private final Vocabulary vocabulary;
  private final ObjectMapper mapper = JsonMapper.builder().build();
  private final ObjectNode top = mapper.createObjectNode();

  private HuggingFaceWriter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  static byte[] write(Vocabulary vocabulary) {
    // Whatever is wrong with the vocabulary is found before anything is written.
    Tokenizer tokenizer = Tokenizers.from(vocabulary);
    HuggingFaceWriter writer = new HuggingFaceWriter(vocabulary);
    writer.all(tokenizer);
    return writer.mapper.writeValueAsBytes(writer.top);
  }

  private void all(Tokenizer tokenizer) {
    top.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = top.putArray("added_tokens");
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      switch (tokenizer.kind(id)) {
        case CONTROL, UNKNOWN -> added(added, id, true);
        case USER_DEFINED -> added(added, id, false);
        case NORMAL, UNUSED, BYTE -> {}
      }
    }
    switch (vocabulary.model()) {
      case "gpt2" -> byteLevel();
      case "llama" -> sentencePiece(tokenizer);
      case "t5" -> unigram(tokenizer);
      case "bert" -> wordPiece(tokenizer);
      default -> throw new IllegalStateException(vocabulary.model());
    }
    template(tokenizer);
  }

  private void added(ArrayNode added, int id, boolean special) {
    added
        .addObject()
        .put("id", id)
        .put("content", vocabulary.tokens().get(id))
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private static ObjectNode typed(ObjectNode node, String type) {
    return node.put("type", type);
  }

  private void byteLevel() {
    GgufPre pre = GgufPre.named(vocabulary.pre(), "vocabulary");
    if (pre.nfc()) typed(top.putObject("normalizer"), "NFC");
    else top.putNull("normalizer");
    ArrayNode steps = typed(top.putObject("pre_tokenizer"), "Sequence").putArray("pretokenizers");
    for (String expression : pre.expressions()) {
      ObjectNode split = typed(steps.addObject(), "Split");
      split
          .putObject("pattern")
          .put("Regex", HfPreTokenizers.EXPRESSIONS.getOrDefault(expression, expression));
      split.put("behavior", "Isolated").put("invert", false);
    }
    byteLevel(steps.addObject(), false);
    byteLevel(top.putObject("decoder"), true);
    ObjectNode model = bpe(pre.wholeFirst(), false);
    vocab(model, vocabulary.tokens());
    ArrayNode merges = model.putArray("merges");
    for (String merge : vocabulary.merges()) {
      int space = merge.indexOf(' ', 1);
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
  }

  private static void byteLevel(ObjectNode node, boolean regex) {
    typed(node, "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", regex);
  }

  private ObjectNode bpe(boolean ignoreMerges, boolean byteFallback) {
    return typed(top.putObject("model"), "BPE")
        .putNull("dropout")
        .putNull("unk_token")
        .putNull("continuing_subword_prefix")
        .putNull("end_of_word_suffix")
        .put("fuse_unk", byteFallback)
        .put("byte_fallback", byteFallback)
        .put("ignore_merges", ignoreMerges);
  }

  private static void vocab(ObjectNode model, List<String> tokens) {
    ObjectNode vocab = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      if (!vocab.has(tokens.get(id))) vocab.put(tokens.get(id), id);
    }
  }

  /** SentencePiece's spaces as normalizers, and the way back. */
  private void spaces() {
    ArrayNode steps = typed(top.putObject("normalizer"), "Sequence").putArray("normalizers");
    if (vocabulary.precompiledCharsmap().length > 0) {
      typed(steps.addObject(), "Precompiled")
          .put(
              "precompiled_charsmap",
              Base64.getEncoder().encodeToString(vocabulary.precompiledCharsmap()));
    }
    if (vocabulary.marks().removeExtraWhitespaces().orElse(false)) {
      replace(steps.addObject(), "Regex", "\\A +| +\\z", "");
      replace(steps.addObject(), "Regex", " {2,}", " ");
    }
    boolean prefix = vocabulary.marks().addSpacePrefix().orElse(true);
    if (prefix) typed(steps.addObject(), "Prepend").put("prepend", "\u2581");
    replace(steps.addObject(), "String", " ", "\u2581");
    top.putNull("pre_tokenizer");
    ArrayNode back = typed(top.putObject("decoder"), "Sequence").putArray("decoders");
    replace(back.addObject(), "String", "\u2581", " ");
    typed(back.addObject(), "ByteFallback");
    typed(back.addObject(), "Fuse");
    if (prefix) {
      typed(back.addObject(), "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
  }

  private static void replace(ObjectNode node, String kind, String what, String by) {
    typed(node, "Replace").putObject("pattern").put(kind, what);
    node.put("content", by);
  }

  private void sentencePiece(Tokenizer tokenizer) {
    spaces();
    boolean bytes = false;
    String unknown = null;
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      bytes |= tokenizer.kind(id) == TokenKind.BYTE;
      if (tokenizer.kind(id) == TokenKind.UNKNOWN) unknown = tokenizer.token(id);
    }
    ObjectNode model = bpe(false, bytes);
    model.put("fuse_unk", true);
    if (unknown != null) model.put("unk_token", unknown);
    vocab(model, vocabulary.tokens());
    ArrayNode merges = model.putArray("merges");
    if (vocabulary.merges().isEmpty()) {
      mergesByScore(tokenizer, merges);
    } else {
      for (String merge : vocabulary.merges()) {
        int space = merge.indexOf(' ', 1);
        merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
      }
    }
  }

  /** All ways to make each piece of two, the piece of highest score first. */
  private void mergesByScore(Tokenizer tokenizer, ArrayNode merges) {
    Map<String, Integer> pieces = new HashMap<>();
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (tokenizer.kind(id) != TokenKind.NORMAL) continue;
      pieces.putIfAbsent(vocabulary.tokens().get(id), id);
      order.add(id);
    }
    float[] scores = vocabulary.scores();
    order.sort((a, b) -> Float.compare(scores[b], scores[a]));
    for (int id : order) {
      String piece = vocabulary.tokens().get(id);
      List<int[]> ways = new ArrayList<>();
      for (int cut = 1; cut < piece.length(); cut++) {
        Integer left = pieces.get(piece.substring(0, cut));
        Integer right = left == null ? null : pieces.get(piece.substring(cut));
        if (left != null && right != null) ways.add(new int[] {left, right});
      }
      ways.sort((a, b) -> a[0] != b[0] ? Integer.compare(a[0], b[0]) : Integer.compare(a[1], b[1]));
      for (int[] way : ways) {
        merges.addArray().add(vocabulary.tokens().get(way[0])).add(vocabulary.tokens().get(way[1]));
      }
    }
  }

  private void unigram(Tokenizer tokenizer) {
    spaces();
    boolean bytes = false;
    ObjectNode model = typed(top.putObject("model"), "Unigram");
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      bytes |= tokenizer.kind(id) == TokenKind.BYTE;
      if (tokenizer.kind(id) == TokenKind.UNKNOWN) model.put("unk_id", id);
    }
    ArrayNode vocab = model.putArray("vocab");
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      vocab.addArray().add(vocabulary.tokens().get(id)).add((double) vocabulary.scores()[id]);
    }
    model.put("byte_fallback", bytes);
  }

  private void wordPiece(Tokenizer tokenizer) {
    typed(top.putObject("normalizer"), "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", true)
        .put("strip_accents", true)
        .put("lowercase", true);
    typed(top.putObject("pre_tokenizer"), "BertPreTokenizer");
    typed(top.putObject("decoder"), "WordPiece").put("prefix", "##").put("cleanup", true);
    List<String> spelled = new ArrayList<>();
    String unknown = "[UNK]";
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      String token = vocabulary.tokens().get(id);
      if (tokenizer.kind(id) == TokenKind.UNKNOWN) unknown = token;
      if (tokenizer.kind(id) != TokenKind.NORMAL) spelled.add(token);
      else spelled.add(token.startsWith("\u2581") ? token.substring(1) : "##" + token);
    }
    ObjectNode model =
        typed(top.putObject("model"), "WordPiece")
            .put("unk_token", unknown)
            .put("continuing_subword_prefix", "##")
            .put("max_input_chars_per_word", 100);
    vocab(model, spelled);
  }

  /** What the tokenizer puts around one text and around two, by encoding empty ones. */
  private void template(Tokenizer tokenizer) {
    int[] around = tokenizer.encodeWithSpecials("", false);
    if (around.length == 0) {
      top.putNull("post_processor");
      return;
    }
    boolean bert = vocabulary.model().equals("bert");
    boolean first =
        bert || (tokenizer.bos().isPresent() && around[0] == tokenizer.bos().getAsInt());
    boolean last =
        bert
            || (tokenizer.eos().isPresent()
                && around[around.length - 1] == tokenizer.eos().getAsInt());
    ObjectNode post = typed(top.putObject("post_processor"), "TemplateProcessing");
    int bos = around[0];
    int eos = around[around.length - 1];
    ArrayNode single = post.putArray("single");
    text(single, first ? bos : -1, "A", last ? eos : -1, 0);
    ArrayNode pair = post.putArray("pair");
    text(pair, first ? bos : -1, "A", last ? eos : -1, 0);
    // What stands between the end of the first text and the second: nothing in BERT.
    int[] two = tokenizer.encodePair("", "", false).ids();
    boolean between = two.length > around.length + (last ? 1 : 0);
    text(pair, between ? two[around.length] : -1, "B", last ? eos : -1, 1);
    ObjectNode special = post.putObject("special_tokens");
    if (first) special(special, bos);
    if (last) special(special, eos);
  }

  private void text(ArrayNode items, int before, String id, int after, int typeId) {
    if (before >= 0) token(items, before, typeId);
    items.addObject().putObject("Sequence").put("id", id).put("type_id", typeId);
    if (after >= 0) token(items, after, typeId);
  }

  private void token(ArrayNode items, int id, int typeId) {
    items
        .addObject()
        .putObject("SpecialToken")
        .put("id", vocabulary.tokens().get(id))
        .put("type_id", typeId);
  }

  private void special(ObjectNode special, int id) {
    String token = vocabulary.tokens().get(id);
    ObjectNode node = special.putObject(token).put("id", token);
    node.putArray("ids").add(id);
    node.putArray("tokens").add(token);
  }
}
