package org.puna.model.convert;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.puna.model.Checkpoint;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.model.tokenizer.Vocabulary;

/** A model's tokenizer and template as the files of a Hugging Face folder. */
final class HfTokenizerFiles {
  private static final List<String> COPIED =
      List.of(
          "tokenizer.json",
          "tokenizer.model",
          "tiktoken.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "vocab.json",
          "merges.txt",
          "vocab.txt");

  private HfTokenizerFiles() {}

  static void write(Checkpoint in, Path folder) {
    if (in.gguf().isEmpty()) {
      copy(in.path(), folder);
      return;
    }
    var config = new LinkedHashMap<String, Object>();
    if (in.hasTokenizer()) {
      Tokenizer t = in.tokenizer();
      Map<String, Object> specials = specials(t, in.config().encoder().isPresent());
      config.putAll(config(t));
      config.put("model_max_length", in.config().contextLength());
      config.putAll(specials);
      FolderFiles.json(folder.resolve("special_tokens_map.json"), specials);
      OutputFile.writeText(
          folder.resolve("tokenizer.json"),
          new String(Tokenizers.toJson(t.vocabulary()), StandardCharsets.UTF_8));
    }
    in.chatTemplate().ifPresent(t -> config.put("chat_template", t));
    if (config.isEmpty()) return;
    FolderFiles.json(folder.resolve("tokenizer_config.json"), config);
  }

  static void copy(Path from, Path to) {
    for (String name : COPIED) {
      Path file = from.resolve(name);
      if (Files.exists(file)) FolderFiles.copy(file, to.resolve(name));
    }
  }

  private static Map<String, Object> config(Tokenizer t) {
    var out = new LinkedHashMap<String, Object>();
    Vocabulary v = t.vocabulary();
    out.put("tokenizer_class", "PreTrainedTokenizerFast");
    v.marks().addBos().ifPresent(b -> out.put("add_bos_token", b));
    v.marks().addEos().ifPresent(b -> out.put("add_eos_token", b));
    out.put("clean_up_tokenization_spaces", false);
    return out;
  }

  private static Map<String, Object> specials(Tokenizer t, boolean encoder) {
    var out = new LinkedHashMap<String, Object>();
    Vocabulary.Specials s = t.vocabulary().specials();
    token(out, t, "bos_token", s.bos());
    token(out, t, "eos_token", s.eos());
    token(out, t, "unk_token", s.unk());
    token(out, t, "pad_token", s.pad());
    if (encoder) {
      // BERT's names for what begins the first text and ends each.
      token(out, t, "cls_token", s.bos());
      token(out, t, "sep_token", s.sep().isPresent() ? s.sep() : s.eos());
      token(out, t, "mask_token", s.mask());
    }
    return out;
  }

  private static void token(Map<String, Object> out, Tokenizer t, String key, OptionalInt id) {
    if (id.isPresent() && id.getAsInt() < t.vocabSize()) out.put(key, t.token(id.getAsInt()));
  }
}
