package org.puna.model.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.puna.model.config.BadInput;

/**
 * The pre-tokenizers of byte-level BPE by their names in GGUF's {@code tokenizer.ggml.pre}, with
 * what else the name decides.
 *
 * @param expressions regular expressions whose finds become pieces, in order; where it is one of
 *     {@link HfPreTokenizers#EXPRESSIONS}, its name
 * @param wholeFirst whether a piece that is a token is that token, whatever the merges say
 * @param addBos whether a text begins with BOS where the file says nothing
 * @param nfc whether the model's own tokenizer brings text into Unicode's form NFC first
 */
record GgufPre(List<String> expressions, boolean wholeFirst, boolean addBos, boolean nfc) {
  private static final List<String> GPT2 = List.of("gpt2");
  private static final List<String> DIGITS_GPT2 = List.of("digits1", "gpt2");
  private static final List<String> LLAMA3 = List.of("llama3");
  private static final List<String> QWEN2 = List.of("qwen2");
  private static final List<String> O200K = List.of("o200k");

  /** What llama.cpp does where a file says {@code default}. */
  private static final List<String> DEFAULT =
      List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", "gpt2", "\\p{N}+", "[0-9][0-9][0-9]");

  private static final List<String> FALCON =
      List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", "gpt2", "[0-9][0-9][0-9]");

  private static final String BLOOM_WORDS = " ?[^(\\s|.,!?…。，、।۔،)]+";

  private static final List<String> DEEPSEEK_CODER =
      List.of(
          "[\\r\\n]",
          "\\s?\\p{L}+",
          "\\s?\\p{P}+",
          "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+",
          "digits1");

  private static final List<String> DEEPSEEK3 =
      List.of(
          "digits3",
          "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+",
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
              + " ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

  private static final List<String> BAILING =
      List.of(
          "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}|"
              + " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");

  private static final Map<String, GgufPre> KNOWN = known();

  private static Map<String, GgufPre> known() {
    Map<String, GgufPre> out = new TreeMap<>();
    // A file without the name is older than the names, and than all but GPT-2's pre-tokenizer.
    plain(out, GPT2, "", "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de");
    plain(out, GPT2, "jina-v1-en", "jina-v2-code", "roberta-bpe", "gigachat", "a.x-4.0", "mellum");
    plain(out, GPT2, "modern-bert", "exaone4", "jais", "trillion", "granite-docling");
    plain(out, DIGITS_GPT2, "starcoder", "refact", "smollm", "codeshell", "exaone", "minerva-7b");
    plain(out, DIGITS_GPT2, "mellum2");
    plain(out, LLAMA3, "smaug-bpe", "dbrx", "glm4", "chatglm-bpe");
    plain(out, QWEN2, "megrez", "kormo", "f2llmv2", "stablelm2", "hunyuan", "solar-open", "grok-2");
    plain(out, O200K, "kanana2", "talkie", "minimax-m2");
    plain(out, DEFAULT, "default");
    plain(out, FALCON, "falcon");
    plain(out, List.of(BLOOM_WORDS), "bloom", "poro-chat", "gpt3-finnish");
    plain(out, List.of(BLOOM_WORDS, "digits1"), "viking");
    plain(out, DEEPSEEK_CODER, "deepseek-coder");
    plain(out, DEEPSEEK3, "deepseek-v3", "hunyuan-dense", "joyai-llm");
    plain(out, BAILING, "bailingmoe", "bailingmoe2", "llada-moe");
    for (String name : List.of("mpt", "olmo")) {
      out.put(name, new GgufPre(GPT2, false, false, true));
    }
    out.put("command-r", new GgufPre(DIGITS_GPT2, false, false, true));
    for (String name : List.of("qwen2", "deepseek-r1-qwen")) {
      out.put(name, new GgufPre(QWEN2, false, false, true));
    }
    out.put("qwen35", new GgufPre(List.of("qwen35"), false, false, true));
    for (String name : List.of("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1")) {
      out.put(name, new GgufPre(LLAMA3, true, true, false));
    }
    for (String name : List.of("pixtral", "midm-2.0", "lfm2", "jina-v5-nano")) {
      out.put(name, new GgufPre(LLAMA3, true, true, false));
    }
    for (String name : List.of("gpt-4o", "llama4", "o200k")) {
      out.put(name, new GgufPre(O200K, true, false, false));
    }
    out.put("tekken", new GgufPre(List.of("tekken"), true, true, false));
    out.put("minicpm5", new GgufPre(List.of("digits3", "minicpm5"), true, false, false));
    return out;
  }

  private static void plain(Map<String, GgufPre> out, List<String> expressions, String... names) {
    for (String name : names) out.put(name, new GgufPre(expressions, false, false, false));
  }

  /** The pre-tokenizer of a name; the file is for the error. */
  static GgufPre named(String name, String file) {
    GgufPre known = KNOWN.get(name);
    if (known != null) return known;
    throw new BadInput(
        file
            + ": tokenizer.ggml.pre: expected a known pre-tokenizer ("
            + String.join(", ", KNOWN.keySet().stream().filter(k -> !k.isEmpty()).toList())
            + "), found "
            + VocabularyTokenizer.quote(name));
  }

  /** The cuts that it makes. */
  HfPreTokenizers.Cuts cuts() {
    return HfPreTokenizers.isolating(expressions);
  }
}
