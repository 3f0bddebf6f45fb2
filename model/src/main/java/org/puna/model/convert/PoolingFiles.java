package org.puna.model.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.puna.model.EmbeddingDefaults;
import org.puna.model.Pooling;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The files from which the sentence-transformers library learns how to embed with a folder. */
final class PoolingFiles {
  private static final String CLASS = "sentence_transformers.models.";

  private PoolingFiles() {}

  /** Writes them where the pooling is known; vectors are scaled where nobody says otherwise. */
  static void write(EmbeddingDefaults said, int dModel, Path folder) {
    if (said.pooling().isEmpty()) return;
    var json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    List<Map<String, Object>> modules = new ArrayList<>();
    modules.add(module(0, "", "Transformer"));
    modules.add(module(1, "1_Pooling", "Pooling"));
    if (said.normalise().orElse(true)) modules.add(module(2, "2_Normalize", "Normalize"));
    try {
      Files.createDirectories(folder.resolve("1_Pooling"));
    } catch (IOException e) {
      throw new BadInput(folder + ": cannot be written: " + e.getMessage(), e);
    }
    OutputFile.writeText(
        folder.resolve("1_Pooling/config.json"),
        json.writeValueAsString(pooling(said.pooling().get(), dModel)) + "\n");
    OutputFile.writeText(folder.resolve("modules.json"), json.writeValueAsString(modules) + "\n");
    if (said.maxTokens().isPresent()) {
      OutputFile.writeText(
          folder.resolve("sentence_bert_config.json"),
          "{\"max_seq_length\": " + said.maxTokens().getAsInt() + ", \"do_lower_case\": false}\n");
    }
  }

  private static Map<String, Object> module(int index, String path, String kind) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("idx", index);
    out.put("name", "" + index);
    out.put("path", path);
    out.put("type", CLASS + kind);
    return out;
  }

  private static Map<String, Object> pooling(Pooling p, int dModel) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("word_embedding_dimension", dModel);
    out.put("pooling_mode_cls_token", p == Pooling.CLS);
    out.put("pooling_mode_mean_tokens", p == Pooling.MEAN);
    out.put("pooling_mode_max_tokens", p == Pooling.MAX);
    out.put("pooling_mode_mean_sqrt_len_tokens", p == Pooling.MEAN_SQRT);
    out.put("pooling_mode_weightedmean_tokens", p == Pooling.WEIGHTED_MEAN);
    out.put("pooling_mode_lasttoken", p == Pooling.LAST);
    return out;
  }
}
