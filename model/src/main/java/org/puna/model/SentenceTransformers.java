package org.puna.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.puna.model.arch.HfConfig;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.model.io.MappedFile;
import org.puna.model.io.Names;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How the sentence-transformers library would use a folder: {@code modules.json} lists what follows
 * the model, {@code 1_Pooling/config.json} says how tokens become one vector.
 */
final class SentenceTransformers {
  private static final String MODULES = "modules.json";
  private static final long MAX_BYTES = 1L << 20;
  private static final List<String> MODES =
      List.of(
          "cls_token",
          "mean_tokens",
          "max_tokens",
          "mean_sqrt_len_tokens",
          "weightedmean_tokens",
          "lasttoken");

  private SentenceTransformers() {}

  /**
   * Reads a folder.
   *
   * @throws BadInput if a file is damaged, or asks for what Puna does not do
   */
  static EmbeddingDefaults read(Path folder) {
    OptionalInt most = maxTokens(folder);
    Path file = folder.resolve(MODULES);
    if (!Files.exists(file)) {
      Path pooling = folder.resolve("1_Pooling/config.json");
      return new EmbeddingDefaults(
          Files.exists(pooling) ? Optional.of(pooling(pooling)) : Optional.empty(),
          Optional.empty(),
          most);
    }
    Optional<Pooling> pooling = Optional.empty();
    boolean normalise = false;
    for (Module m : modules(file)) {
      switch (m.kind) {
        case "Transformer" -> {}
        case "Pooling" -> pooling = Optional.of(pooling(m.folder(folder).resolve("config.json")));
        case "Normalize" -> normalise = true;
        default ->
            throw new BadInput(
                file
                    + ": expected the modules Transformer, Pooling and Normalize, found "
                    + Names.quote(m.kind)
                    + "; this model's embeddings need a step that Puna does not know");
      }
    }
    return new EmbeddingDefaults(pooling, Optional.of(normalise), most);
  }

  private record Module(String kind, String path, Path file) {
    Path folder(Path model) {
      try {
        Path p = Path.of(path);
        if (!p.isAbsolute() && p.normalize().equals(p) && !p.startsWith("..")) {
          return model.resolve(p);
        }
      } catch (InvalidPathException e) {
        // Said below.
      }
      throw new BadInput(
          file + ": JSON key path: expected a folder of the model, found " + Names.quote(path));
    }
  }

  private static List<Module> modules(Path file) {
    JsonNode all = json(file);
    if (!all.isArray()) throw new BadInput(file + ": expected a JSON array of modules");
    List<Module> out = new ArrayList<>();
    for (JsonNode m : all) {
      String type = m.path("type").asString("");
      out.add(
          new Module(type.substring(type.lastIndexOf('.') + 1), m.path("path").asString(""), file));
    }
    return out;
  }

  private static JsonNode json(Path file) {
    MappedFile.requireRegular(file);
    try (Arena arena = Arena.ofConfined()) {
      if (Files.size(file) > MAX_BYTES) {
        throw new BadInput(file + ": expected at most " + MAX_BYTES + " bytes of JSON");
      }
      byte[] bytes = MappedFile.open(file, arena).bytes().toArray(ValueLayout.JAVA_BYTE);
      return JsonMapper.shared().readTree(bytes);
    } catch (JacksonException e) {
      throw new BadInput(file + ": not JSON: " + JsonFault.said(e), e);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private static Pooling pooling(Path file) {
    HfConfig c = HfConfig.read(file);
    List<String> modes = new ArrayList<>();
    for (String mode : MODES) {
      if (c.bool("pooling_mode_" + mode, false)) modes.add(mode);
    }
    // Newer versions of the library name the mode.
    if (modes.isEmpty()) c.text("pooling_mode").ifPresent(modes::add);
    if (modes.size() != 1) {
      throw new BadInput(
          file
              + ": expected one pooling mode, found "
              + (modes.isEmpty() ? "none" : String.join(", ", modes))
              + "; choose one with the option pooling");
    }
    return Pooling.named(modes.getFirst())
        .orElseThrow(() -> c.wrong("pooling_mode", "cls, mean, max, lasttoken", modes.getFirst()));
  }

  private static OptionalInt maxTokens(Path folder) {
    Path file = folder.resolve("sentence_bert_config.json");
    if (!Files.exists(file)) return OptionalInt.empty();
    HfConfig c = HfConfig.read(file);
    return c.has("max_seq_length")
        ? OptionalInt.of(c.size("max_seq_length", 1, Integer.MAX_VALUE))
        : OptionalInt.empty();
  }
}
