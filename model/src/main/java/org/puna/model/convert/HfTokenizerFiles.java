package org.puna.model.convert;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.model.tokenizer.Vocabulary;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A model's tokenizer and template as the files of a Hugging Face folder. */
final class HfTokenizerFiles {
  private static final List<String> COPIED =
      List.of(
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json");

  private HfTokenizerFiles() {}

  static void write(Checkpoint in, Path folder) {
    if (in.gguf().isEmpty()) {
      for (String name : COPIED) copy(in.path().resolve(name), folder.resolve(name));
      return;
    }
    var config = new LinkedHashMap<String, Object>();
    if (in.hasTokenizer()) {
      Tokenizer t = in.tokenizer();
      config.putAll(config(t));
      OutputFile.writeText(
          folder.resolve("tokenizer.json"),
          new String(Tokenizers.toJson(t.vocabulary()), StandardCharsets.UTF_8));
    }
    in.chatTemplate().ifPresent(t -> config.put("chat_template", t));
    if (config.isEmpty()) return;
    var json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    OutputFile.writeText(
        folder.resolve("tokenizer_config.json"), json.writeValueAsString(config) + "\n");
  }

  private static void copy(Path from, Path to) {
    if (!Files.exists(from)) return;
    try {
      Files.copy(from, to);
    } catch (IOException e) {
      throw new BadInput(to + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static Map<String, Object> config(Tokenizer t) {
    var out = new LinkedHashMap<String, Object>();
    Vocabulary v = t.vocabulary();
    out.put("tokenizer_class", "PreTrainedTokenizerFast");
    v.marks().addBos().ifPresent(b -> out.put("add_bos_token", b));
    v.marks().addEos().ifPresent(b -> out.put("add_eos_token", b));
    token(out, t, "bos_token", v.specials().bos());
    token(out, t, "eos_token", v.specials().eos());
    token(out, t, "unk_token", v.specials().unk());
    token(out, t, "pad_token", v.specials().pad());
    out.put("clean_up_tokenization_spaces", false);
    return out;
  }

  private static void token(Map<String, Object> out, Tokenizer t, String key, OptionalInt id) {
    if (id.isPresent() && id.getAsInt() < t.vocabSize()) out.put(key, t.token(id.getAsInt()));
  }
}
