package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.model.config.BadInput;

/** A {@code tokenizer.json} as GGUF would hold it. */
final class HfVocabulary {
  private final JsonAt top;
  private final JsonAt model;
  private final HfJson json;
  private final String file;

  HfVocabulary(JsonAt top, JsonAt model, HfJson json, String file) {
    this.top = top;
    this.model = model;
    this.json = json;
    this.file = file;
  }

  Vocabulary view(
      List<String> tokens,
      TokenKind[] kinds,
      HfPreTokenizers.Cuts cuts,
      HfConfig.Special ids,
      Template template) {
    Vocabulary.Specials specials =
        new Vocabulary.Specials(
            ids.bos(),
            ids.eos(),
            id(tokens, kinds, "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|eot|>", "<|end|>"),
            id(tokens, kinds, "<|eom_id|>", "<|eom|>"),
            ids.unk().isPresent() ? ids.unk() : unknown(kinds),
            ids.sep().isPresent() ? ids.sep() : id(tokens, kinds, "[SEP]"),
            ids.pad().isPresent() ? ids.pad() : id(tokens, kinds, "[PAD]", "<pad>"),
            ids.mask().isPresent() ? ids.mask() : id(tokens, kinds, "[MASK]"));
    boolean first = ids.bos().isPresent() && contains(template.before(), ids.bos().getAsInt());
    boolean last = ids.eos().isPresent() && contains(template.after(), ids.eos().getAsInt());
    if (!json.pieces.isEmpty()) return unigram(tokens, kinds, specials, first, last);
    if (json.merges.isEmpty()) return wordPiece(tokens, kinds, specials);
    if (cuts.byteLevel()) {
      if (!cuts.text().isEmpty()) throw unsupported("pre_tokenizer");
      return Vocabulary.of("gpt2", pre(cuts, tokens), tokens, merges())
          .with(new float[0], kinds)
          .with(specials, Vocabulary.Marks.of(first, last));
    }
    return sentencePiece(tokens, kinds, specials, first, last);
  }

  private BadInput unsupported(String field) {
    return new BadInput(
        file + "." + field + ": GGUF has no name for this, so that it cannot be converted");
  }

  private static boolean contains(int[] ids, int id) {
    return Arrays.stream(ids).anyMatch(i -> i == id);
  }

  private static OptionalInt id(List<String> tokens, TokenKind[] kinds, String... names) {
    for (String name : names) {
      int id = tokens.indexOf(name);
      if (id >= 0 && kinds[id] == TokenKind.CONTROL) return OptionalInt.of(id);
    }
    return OptionalInt.empty();
  }

  private static OptionalInt unknown(TokenKind[] kinds) {
    int id = Arrays.asList(kinds).indexOf(TokenKind.UNKNOWN);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private List<String> merges() {
    List<String> merges = new ArrayList<>(json.merges.size() / 2);
    for (int i = 0; i < json.merges.size(); i += 2) {
      merges.add(json.merges.get(i) + " " + json.merges.get(i + 1));
    }
    return merges;
  }

  private String pre(HfPreTokenizers.Cuts cuts, List<String> tokens) {
    boolean nfc = top.get("normalizer").get("type").string("").equals("NFC");
    return switch (String.join(" ", cuts.names())) {
      case "gpt2" -> nfc ? "olmo" : "gpt-2";
      case "digits1 gpt2" -> nfc ? "command-r" : "smollm";
      case "llama3" -> "llama-bpe";
      case "qwen2" -> nfc ? "qwen2" : "stablelm2";
      case "qwen35" -> "qwen35";
      case "digits3 minicpm5" -> "minicpm5";
      case "o200k" -> tokens.contains("<|header_start|>") ? "llama4" : "gpt-4o";
      case "tekken" -> "tekken";
      default -> throw unsupported("pre_tokenizer");
    };
  }

  /** SentencePiece's BPE as its converters write it: spaces by a normalizer or by Metaspace. */
  private Vocabulary sentencePiece(
      List<String> tokens,
      TokenKind[] kinds,
      Vocabulary.Specials specials,
      boolean first,
      boolean last) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) ids.putIfAbsent(tokens.get(id), id);
    // A piece's score is the place of the first merge that makes it, as SentencePiece trains them.
    float[] scores = new float[tokens.size()];
    for (int i = json.merges.size() - 2; i >= 0; i -= 2) {
      Integer id = ids.get(json.merges.get(i) + json.merges.get(i + 1));
      if (id != null) scores[id] = -(i / 2f) - 1;
    }
    Vocabulary.Marks marks =
        new Vocabulary.Marks(
            Optional.of(first), Optional.of(last), Optional.of(prefix()), Optional.of(false));
    return Vocabulary.of("llama", "default", tokens, merges())
        .with(scores, kinds)
        .with(specials, marks);
  }

  /** Whether a space is put before a text. */
  private boolean prefix() {
    JsonAt pre = top.get("pre_tokenizer");
    if (!pre.isNothing()) {
      if (pre.get("type").string("").equals("Metaspace")) {
        return HfPreTokenizers.prepend(pre) != HfPreTokenizers.Prepend.NEVER;
      }
      // Gemma's cuts at spaces, of which its normalizer has left none.
      boolean cutsAtSpaces =
          pre.get("type").string("").equals("Split")
              && pre.get("pattern").get("String").string("").equals(" ");
      if (!cutsAtSpaces) throw unsupported("pre_tokenizer");
    }
    JsonAt normalizer = top.get("normalizer");
    String type = normalizer.get("type").string("");
    List<JsonAt> steps =
        type.equals("Sequence") ? normalizer.get("normalizers").list() : List.of(normalizer);
    boolean prepends = false;
    for (JsonAt step : steps) {
      switch (step.get("type").string("")) {
        case "Prepend" -> prepends = true;
        case "Replace" -> {
          if (!step.get("content").string("").equals("\u2581")) throw unsupported("normalizer");
        }
        default -> throw unsupported("normalizer");
      }
    }
    return prepends;
  }

  private Vocabulary unigram(
      List<String> tokens,
      TokenKind[] kinds,
      Vocabulary.Specials specials,
      boolean first,
      boolean last) {
    float[] scores = new float[tokens.size()];
    for (int id = 0; id < json.scores.size(); id++) scores[id] = json.scores.get(id).floatValue();
    boolean prefix = false;
    boolean squeezes = false;
    for (JsonAt step : steps(top.get("pre_tokenizer"), "pretokenizers")) {
      switch (step.get("type").string("")) {
        case "Metaspace" -> prefix = HfPreTokenizers.prepend(step) != HfPreTokenizers.Prepend.NEVER;
        case "WhitespaceSplit" -> squeezes = true;
        default -> throw unsupported("pre_tokenizer");
      }
    }
    byte[] charsmap = new byte[0];
    for (JsonAt step : steps(top.get("normalizer"), "normalizers")) {
      switch (step.get("type").string("")) {
        case "Precompiled" -> charsmap = HfNormalizers.charsmap(step.get("precompiled_charsmap"));
        case "Replace" -> {
          // Runs of spaces become one space.
          if (!step.get("pattern").get("Regex").string("").equals(" {2,}")) {
            throw unsupported("normalizer");
          }
          squeezes = true;
        }
        case "Strip", "Nmt" -> {}
        default -> throw unsupported("normalizer");
      }
    }
    return new Vocabulary(
        "t5",
        "default",
        tokens,
        scores,
        kinds,
        List.of(),
        specials,
        new Vocabulary.Marks(
            Optional.of(first), Optional.of(last), Optional.of(prefix), Optional.of(squeezes)),
        charsmap);
  }

  /** A normalizer or pre-tokenizer, or the steps of a sequence of them; none for none. */
  private static List<JsonAt> steps(JsonAt json, String field) {
    if (json.isNothing()) return List.of();
    return json.get("type").string("").equals("Sequence") ? json.get(field).list() : List.of(json);
  }

  /** BERT's vocabulary as llama.cpp wants it: U+2581 marks what begins a word. */
  private Vocabulary wordPiece(
      List<String> tokens, TokenKind[] kinds, Vocabulary.Specials specials) {
    JsonAt normalizer = top.get("normalizer");
    boolean lowercase = normalizer.get("lowercase").bool(true);
    // llama.cpp knows one normalisation for BERT: small letters without accents.
    if (!normalizer.get("type").string("").equals("BertNormalizer")
        || !lowercase
        || !normalizer.get("strip_accents").bool(lowercase)
        || !normalizer.get("handle_chinese_chars").bool(true)) {
      throw unsupported("normalizer");
    }
    String prefix = model.get("continuing_subword_prefix").string("##");
    List<String> spelled = new ArrayList<>(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      if (kinds[id] != TokenKind.NORMAL) spelled.add(token);
      else if (token.startsWith(prefix)) spelled.add(token.substring(prefix.length()));
      else spelled.add("\u2581" + token);
    }
    return Vocabulary.of("bert", "default", spelled, List.of())
        .with(new float[0], kinds)
        .with(specials, Vocabulary.Marks.UNSAID);
  }
}
