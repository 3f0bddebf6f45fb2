package org.puna.model.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.puna.model.Checkpoint;
import org.puna.model.GenerationDefaults;
import org.puna.model.arch.HfConfig;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Tokenizer;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * All of a Hugging Face folder but its weights, of an open model: configuration, recommendations,
 * tokenizer, template. What a folder says stays as it is, also what Puna does not know.
 */
public final class FolderFiles {
  private static final String CONFIG = "config.json";
  private static final String GENERATION = "generation_config.json";

  private FolderFiles() {}

  /**
   * Writes the files; those that are there are replaced.
   *
   * @param in the model that the weights are of, or were before they were trained
   * @param dtype the numbers of most matrices, {@code float32}, {@code float16} or {@code bfloat16}
   * @throws BadInput if something cannot be written
   */
  public static void write(Checkpoint in, Path folder, String dtype) {
    json(folder.resolve(CONFIG), config(in, dtype));
    if (in.config().encoder().isEmpty()) {
      Path own = in.path().resolve(GENERATION);
      if (in.gguf().isEmpty() && Files.exists(own)) copy(own, folder.resolve(GENERATION));
      else generation(in.generation(), tokenizer(in), folder);
    }
    HfTokenizerFiles.write(in, folder);
    PoolingFiles.write(in.embedding(), in.config().dModel(), folder);
  }

  /**
   * Writes {@code generation_config.json}, where there is anything to say.
   *
   * @param g what is recommended, and what ends an answer
   * @param tokenizer says what begins a text
   */
  public static void generation(GenerationDefaults g, Optional<Tokenizer> tokenizer, Path folder) {
    var out = new LinkedHashMap<String, Object>();
    bos(tokenizer).ifPresent(id -> out.put("bos_token_id", id));
    endIds(g).ifPresent(ids -> out.put("eos_token_id", ids));
    g.sample().ifPresent(s -> out.put("do_sample", s));
    put(out, "temperature", g.temperature());
    g.topK().ifPresent(k -> out.put("top_k", k));
    put(out, "top_p", g.topP());
    put(out, "min_p", g.minP());
    put(out, "repetition_penalty", g.repetitionPenalty());
    if (!out.isEmpty()) json(folder.resolve(GENERATION), out);
  }

  /**
   * Copies the files of a tokenizer and of a template, as far as they are there.
   *
   * @throws BadInput if one cannot be copied
   */
  public static void copyTokenizer(Path from, Path to) {
    HfTokenizerFiles.copy(from, to);
  }

  static void json(Path file, Object value) {
    var mapper =
        JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            // As Python writes them, and as Puna reads them.
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build();
    OutputFile.writeText(file, mapper.writeValueAsString(value) + "\n");
  }

  static void copy(Path from, Path to) {
    try {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new BadInput(to + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static Optional<Tokenizer> tokenizer(Checkpoint in) {
    return in.hasTokenizer() ? Optional.of(in.tokenizer()) : Optional.empty();
  }

  private static OptionalInt bos(Optional<Tokenizer> tokenizer) {
    return tokenizer.map(Tokenizer::bos).orElse(OptionalInt.empty());
  }

  private static Object config(Checkpoint in, String dtype) {
    Optional<ObjectNode> own = ownConfig(in);
    if (own.isPresent()) {
      // Older libraries know one of the names, newer ones both.
      if (own.get().has("dtype")) own.get().put("dtype", dtype);
      if (own.get().has("torch_dtype") || !own.get().has("dtype")) {
        own.get().put("torch_dtype", dtype);
      }
      return own.get();
    }
    var out = new LinkedHashMap<>(in.architecture().toHf(in.config()));
    Optional<Tokenizer> tokenizer = tokenizer(in);
    if (in.config().encoder().isEmpty()) {
      bos(tokenizer).ifPresent(id -> out.put("bos_token_id", id));
      endIds(in.generation()).ifPresent(ids -> out.put("eos_token_id", ids));
    }
    tokenizer
        .map(t -> t.vocabulary().specials().pad())
        .orElse(OptionalInt.empty())
        .ifPresent(id -> out.putIfAbsent("pad_token_id", id));
    out.put("torch_dtype", dtype);
    return out;
  }

  /** What a folder's own file says, where all of it is about the model that is written. */
  private static Optional<ObjectNode> ownConfig(Checkpoint in) {
    if (in.gguf().isPresent()) return Optional.empty();
    HfConfig own = HfConfig.read(in.path().resolve(CONFIG));
    if (own.has("text_config")) return Optional.empty();
    ObjectNode out = ((ObjectNode) own.node()).deepCopy();
    // It names Python files that stay behind; the architecture is one that libraries have.
    out.remove("auto_map");
    if (!own.has("architectures")) {
      Object classes = in.architecture().toHf(in.config()).get("architectures");
      if (classes instanceof List<?> names) {
        var array = out.putArray("architectures");
        names.forEach(n -> array.add(String.valueOf(n)));
      }
    }
    return Optional.of(out);
  }

  private static Optional<Object> endIds(GenerationDefaults g) {
    int[] ids = g.endIdsAscending();
    if (ids.length == 0) return Optional.empty();
    return Optional.of(ids.length == 1 ? (Object) ids[0] : ids);
  }

  private static void put(Map<String, Object> out, String key, OptionalDouble value) {
    value.ifPresent(v -> out.put(key, v));
  }
}
