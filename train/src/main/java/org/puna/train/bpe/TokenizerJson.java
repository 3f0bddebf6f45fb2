package org.puna.train.bpe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** Writes a vocabulary as a Hugging Face {@code tokenizer.json} with Llama 3's cuts. */
public final class TokenizerJson {
  /** The regular expression of Llama 3's pre-tokenizer, as its own file has it. */
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private TokenizerJson() {}

  /**
   * Returns the file's text.
   *
   * @param bos the special token that begins every text, where there is one
   */
  public static String of(Bpe bpe, Optional<String> bos) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", "1.0");
    root.put("truncation", null);
    root.put("padding", null);
    List<Object> added = new ArrayList<>();
    for (int i = 0; i < bpe.specials().size(); i++) {
      Map<String, Object> t = new LinkedHashMap<>();
      t.put("id", i);
      t.put("content", bpe.specials().get(i));
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        t.put(flag, false);
      }
      t.put("special", true);
      added.add(t);
    }
    root.put("added_tokens", added);
    root.put("normalizer", null);
    root.put(
        "pre_tokenizer",
        Map.of(
            "type",
            "Sequence",
            "pretokenizers",
            List.of(
                Map.of(
                    "type",
                    "Split",
                    "pattern",
                    Map.of("Regex", LLAMA3),
                    "behavior",
                    "Isolated",
                    "invert",
                    false),
                byteLevel(false, false))));
    root.put("post_processor", bos.map(b -> template(b, bpe.specials().indexOf(b))).orElse(null));
    root.put("decoder", byteLevel(true, true));
    root.put("model", model(bpe));
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  private static Map<String, Object> byteLevel(boolean prefix, boolean regex) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("type", "ByteLevel");
    m.put("add_prefix_space", prefix);
    m.put("trim_offsets", true);
    m.put("use_regex", regex);
    return m;
  }

  private static Map<String, Object> template(String bos, int id) {
    if (id < 0) throw new IllegalArgumentException(bos + " is no special token");
    Map<String, Object> first = Map.of("SpecialToken", Map.of("id", bos, "type_id", 0));
    Map<String, Object> a = Map.of("Sequence", Map.of("id", "A", "type_id", 0));
    Map<String, Object> b = Map.of("Sequence", Map.of("id", "B", "type_id", 1));
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("type", "TemplateProcessing");
    m.put("single", List.of(first, a));
    m.put("pair", List.of(first, a, b));
    m.put(
        "special_tokens",
        Map.of(bos, Map.of("id", bos, "ids", List.of(id), "tokens", List.of(bos))));
    return m;
  }

  private static Map<String, Object> model(Bpe bpe) {
    Map<String, Integer> vocab = new LinkedHashMap<>();
    for (int i = 0; i < bpe.vocabSize(); i++) vocab.put(bpe.token(i), i);
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("type", "BPE");
    m.put("dropout", null);
    m.put("unk_token", null);
    m.put("continuing_subword_prefix", null);
    m.put("end_of_word_suffix", null);
    m.put("fuse_unk", false);
    m.put("byte_fallback", false);
    m.put("ignore_merges", false);
    m.put("vocab", vocab);
    m.put(
        "merges",
        bpe.merges().stream()
            .distinct()
            .map(p -> List.of(bpe.token(p.left()), bpe.token(p.right())))
            .toList());
    return m;
  }
}
