package org.puna.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.puna.model.arch.HfConfig;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import tools.jackson.databind.JsonNode;

/** Tokenizer, template and recommendations in a Hugging Face folder. */
final class HfSidecar {
  private static final long MAX_TEMPLATE_BYTES = 4L << 20;

  private HfSidecar() {}

  static Sidecar read(Path folder, HfConfig root, HfConfig text) {
    Path absolute = folder.toAbsolutePath().normalize();
    return new Sidecar(
        String.valueOf(absolute.getFileName()),
        Optional.empty(),
        Stream.of("tokenizer.json", "tokenizer.model", "tiktoken.model")
            .map(folder::resolve)
            .filter(Files::exists)
            .findFirst(),
        chatTemplate(folder),
        generation(folder, root, text),
        () -> SentenceTransformers.read(folder));
  }

  /** The newer file wins over the older key, as in the transformers library. */
  private static Optional<String> chatTemplate(Path folder) {
    Path jinja = folder.resolve("chat_template.jinja");
    if (Files.exists(jinja)) return Optional.of(text(jinja));
    for (String name : new String[] {"chat_template.json", "tokenizer_config.json"}) {
      Optional<HfConfig> c = json(folder, name);
      if (c.isPresent() && c.get().has("chat_template")) return Optional.of(template(c.get()));
    }
    return Optional.empty();
  }

  private static String template(HfConfig c) {
    JsonNode v = c.node().get("chat_template");
    if (v.isString()) return v.stringValue();
    if (v.isArray() && !v.isEmpty()) {
      JsonNode chosen = v.get(0);
      for (JsonNode e : v) {
        if (e.path("name").asString("").equals("default")) chosen = e;
      }
      if (chosen.path("template").isString()) return chosen.path("template").stringValue();
    }
    throw c.wrong("chat_template", "a string or a list of named templates", v);
  }

  private static String text(Path file) {
    MappedFile.requireRegular(file);
    try {
      long size = Files.size(file);
      if (size > MAX_TEMPLATE_BYTES) {
        throw new BadInput(
            file
                + ": expected a template of at most "
                + MAX_TEMPLATE_BYTES
                + " bytes, found "
                + size);
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private static GenerationDefaults generation(Path folder, HfConfig root, HfConfig text) {
    var ends = new TreeSet<Integer>();
    Optional<HfConfig> g = json(folder, "generation_config.json");
    // As in the transformers library, the file of its own replaces what the model's says.
    if (g.isPresent() && g.get().has("eos_token_id")) {
      ids(g.get(), ends);
    } else {
      ids(root.has("eos_token_id") ? root : text, ends);
    }
    return new GenerationDefaults(
        g.filter(c -> c.has("do_sample")).map(c -> c.bool("do_sample", false)),
        real(g, "temperature"),
        g.filter(c -> c.has("top_k"))
            .map(c -> OptionalInt.of(c.integer("top_k", 0)))
            .orElse(OptionalInt.empty()),
        real(g, "top_p"),
        real(g, "min_p"),
        real(g, "repetition_penalty"),
        ends);
  }

  private static OptionalDouble real(Optional<HfConfig> c, String key) {
    return c.isPresent() && c.get().has(key)
        ? OptionalDouble.of(c.get().real(key))
        : OptionalDouble.empty();
  }

  private static void ids(HfConfig c, Set<Integer> out) {
    if (!c.has("eos_token_id")) return;
    JsonNode v = c.node().get("eos_token_id");
    if (v.isArray()) {
      for (JsonNode e : v) {
        if (!e.isInt()) throw c.wrong("eos_token_id", "token ids", v);
        out.add(e.intValue());
      }
    } else {
      out.add(c.integer("eos_token_id", 0));
    }
  }

  private static Optional<HfConfig> json(Path folder, String name) {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Optional.of(HfConfig.read(file)) : Optional.empty();
  }
}
