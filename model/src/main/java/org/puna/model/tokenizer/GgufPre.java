package org.puna.model.tokenizer;

import java.util.List;
import java.util.Map;
import org.puna.model.config.BadInput;

/**
 * The pre-tokenizers of byte-level BPE by their names in GGUF's {@code tokenizer.ggml.pre}, with
 * what else the name decides.
 *
 * @param scanners cuts, in order
 * @param wholeFirst whether a piece that is a token is that token, whatever the merges say
 * @param addBos whether a text begins with BOS where the file says nothing
 * @param nfc whether the model's own tokenizer brings text into Unicode's form NFC first
 */
record GgufPre(List<Scanner> scanners, boolean wholeFirst, boolean addBos, boolean nfc) {
  private static final List<Scanner> GPT2 = List.of(Scanners::gpt2);
  private static final List<Scanner> DIGITS_GPT2 = List.of(Scanners::singleNumbers, Scanners::gpt2);
  private static final List<Scanner> LLAMA3 = List.of(Scanners.words(3, false));
  private static final List<Scanner> QWEN2 = List.of(Scanners.words(1, false));
  private static final List<Scanner> QWEN35 = List.of(Scanners.words(1, true));
  private static final List<Scanner> O200K = List.of(Scanners.cased(3, true));
  private static final List<Scanner> TEKKEN = List.of(Scanners.cased(1, false));
  private static final List<Scanner> MINICPM5 =
      List.of(Scanners.numbers(3), Scanners.words(Integer.MAX_VALUE, false));

  private static final Map<String, GgufPre> KNOWN =
      Map.ofEntries(
          plain("", GPT2),
          plain("gpt-2", GPT2),
          plain("phi-2", GPT2),
          plain("jina-es", GPT2),
          plain("jina-de", GPT2),
          plain("jina-v2-es", GPT2),
          plain("jina-v2-de", GPT2),
          plain("jina-v1-en", GPT2),
          plain("jina-v2-code", GPT2),
          plain("roberta-bpe", GPT2),
          plain("gigachat", GPT2),
          plain("a.x-4.0", GPT2),
          plain("mellum", GPT2),
          plain("modern-bert", GPT2),
          plain("exaone4", GPT2),
          plain("jais", GPT2),
          plain("trillion", GPT2),
          plain("granite-docling", GPT2),
          composed("mpt", GPT2),
          composed("olmo", GPT2),
          plain("starcoder", DIGITS_GPT2),
          plain("refact", DIGITS_GPT2),
          plain("smollm", DIGITS_GPT2),
          plain("codeshell", DIGITS_GPT2),
          plain("exaone", DIGITS_GPT2),
          plain("minerva-7b", DIGITS_GPT2),
          plain("mellum2", DIGITS_GPT2),
          composed("command-r", DIGITS_GPT2),
          llama3("llama-bpe"),
          llama3("llama3"),
          llama3("llama-v3"),
          llama3("falcon3"),
          llama3("falcon-h1"),
          llama3("pixtral"),
          llama3("midm-2.0"),
          llama3("lfm2"),
          llama3("jina-v5-nano"),
          plain("smaug-bpe", LLAMA3),
          plain("dbrx", LLAMA3),
          plain("glm4", LLAMA3),
          plain("chatglm-bpe", LLAMA3),
          Map.entry("minicpm5", new GgufPre(MINICPM5, true, false, false)),
          composed("qwen2", QWEN2),
          composed("deepseek-r1-qwen", QWEN2),
          composed("qwen35", QWEN35),
          plain("megrez", QWEN2),
          plain("kormo", QWEN2),
          plain("f2llmv2", QWEN2),
          plain("stablelm2", QWEN2),
          plain("hunyuan", QWEN2),
          plain("solar-open", QWEN2),
          plain("grok-2", QWEN2),
          whole("gpt-4o", O200K),
          whole("llama4", O200K),
          whole("o200k", O200K),
          plain("kanana2", O200K),
          plain("talkie", O200K),
          plain("minimax-m2", O200K),
          Map.entry("tekken", new GgufPre(TEKKEN, true, true, false)));

  private static Map.Entry<String, GgufPre> plain(String name, List<Scanner> scanners) {
    return Map.entry(name, new GgufPre(scanners, false, false, false));
  }

  private static Map.Entry<String, GgufPre> composed(String name, List<Scanner> scanners) {
    return Map.entry(name, new GgufPre(scanners, false, false, true));
  }

  private static Map.Entry<String, GgufPre> whole(String name, List<Scanner> scanners) {
    return Map.entry(name, new GgufPre(scanners, true, false, false));
  }

  private static Map.Entry<String, GgufPre> llama3(String name) {
    return Map.entry(name, new GgufPre(LLAMA3, true, true, false));
  }

  /** The pre-tokenizer of a name; the file is for the error. */
  static GgufPre named(String name, String file) {
    GgufPre known = KNOWN.get(name);
    if (known != null) return known;
    throw new BadInput(
        file
            + ": tokenizer.ggml.pre: expected a known pre-tokenizer ("
            + String.join(", ", KNOWN.keySet().stream().filter(k -> !k.isEmpty()).sorted().toList())
            + "), found '"
            + name
            + "'");
  }
}
