package org.puna.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.Architectures;
import org.puna.model.arch.HfConfig;
import org.puna.model.arch.HfNames;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.gguf.GgufFile;
import org.puna.model.io.MappedFile;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.model.weights.Weights;

/**
 * A model on disk: a {@code .gguf} file (any part of a split one) or a Hugging Face folder. Opening
 * maps the weights and holds them against the configuration; nothing is copied until it is needed.
 *
 * <p>Owns the mappings and copies: after {@link #close()} no weight may be used.
 */
public final class Checkpoint implements AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final @Nullable GgufFile gguf;
  private final @Nullable Safetensors safetensors;
  private final Architecture architecture;
  private final ModelConfig config;
  private final Weights weights;
  private final Sidecar sidecar;
  private @Nullable Tokenizer tokenizer;
  private boolean closed;

  private Checkpoint(
      Path path,
      Arena arena,
      @Nullable GgufFile gguf,
      @Nullable Safetensors safetensors,
      Architecture architecture,
      ModelConfig config,
      Weights weights,
      Sidecar sidecar) {
    this.path = path;
    this.arena = arena;
    this.gguf = gguf;
    this.safetensors = safetensors;
    this.architecture = architecture;
    this.config = config;
    this.weights = weights;
    this.sidecar = sidecar;
  }

  /**
   * Opens a model.
   *
   * @param path a {@code .gguf} file, a folder with {@code config.json}, or a folder with one GGUF
   *     model
   * @throws BadInput if it is neither, or anything in it is wrong: the message says what
   */
  public static Checkpoint open(Path path) {
    if (!Files.exists(path)) {
      throw new BadInput(path + ": no such file or folder; check the path");
    }
    if (!Files.isDirectory(path)) return openFile(path);
    if (Files.exists(path.resolve("config.json"))) return openFolder(path);
    if (Files.exists(path.resolve("adapter_config.json"))) {
      throw new BadInput(
          path
              + ": expected a model, found LoRA adapters; name the model that they were trained on,"
              + " and these with --lora");
    }
    return openFile(onlyGguf(path));
  }

  private static Path onlyGguf(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found =
          files
              .filter(p -> p.toString().endsWith(".gguf"))
              .filter(p -> !p.toString().matches(".*-(?!00001)\\d{5}-of-\\d{5}\\.gguf"))
              .sorted()
              .limit(2)
              .toList();
      if (found.size() == 1) return found.getFirst();
      throw new BadInput(
          folder
              + ": expected a folder with config.json or with one .gguf model, found "
              + (found.isEmpty() ? "neither" : "several .gguf models; name one of them"));
    } catch (IOException e) {
      throw MappedFile.unreadable(folder, e);
    }
  }

  private static Checkpoint openFile(Path path) {
    String name = String.valueOf(path.getFileName());
    if (name.endsWith(".safetensors") || name.endsWith(".json")) {
      throw new BadInput(
          path + ": expected a .gguf file or a folder, found a part of one; name the folder");
    }
    GgufFile file = GgufFile.open(path);
    Arena arena = Arena.ofShared();
    try {
      Architecture a = Architectures.ofGguf(file);
      ModelConfig config = located(path, () -> a.fromGguf(file));
      var weights =
          new Weights(
              path.toString(),
              a.weights(config),
              GgufLayout.of(a, config, file.tensors().keySet()),
              file::tensor,
              a.ggufRopeInterleaved(),
              arena);
      return new Checkpoint(path, arena, file, null, a, config, weights, GgufSidecar.read(file));
    } catch (RuntimeException e) {
      arena.close();
      file.close();
      throw e;
    }
  }

  private static Checkpoint openFolder(Path folder) {
    HfConfig root = HfConfig.read(folder.resolve("config.json"));
    HfConfig text = root.textModel();
    Architecture a = Architectures.ofHf(text);
    Path json = folder.resolve("config.json");
    ModelConfig config = located(json, () -> a.fromHf(text));
    Safetensors file = Safetensors.open(folder);
    Arena arena = Arena.ofShared();
    try {
      var weights =
          new Weights(
              folder.toString(),
              a.weights(config),
              a.hfLayout(config, HfNames.of(file.entries().keySet())),
              file::find,
              a.hfRopeInterleaved(),
              arena);
      return new Checkpoint(
          folder, arena, null, file, a, config, weights, HfSidecar.read(folder, root, text));
    } catch (RuntimeException e) {
      arena.close();
      file.close();
      throw e;
    }
  }

  private interface Reading {
    ModelConfig read();
  }

  /** Puts the file's name before errors that know the numbers only. */
  private static ModelConfig located(Path path, Reading reading) {
    try {
      return reading.read();
    } catch (BadInput e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(path.toString()) ? e : new BadInput(path + ": " + message, e);
    }
  }

  /** Returns what was opened. */
  public Path path() {
    return path;
  }

  /** Returns the model's name: what GGUF says, or the folder's name. */
  public String name() {
    return sidecar.name();
  }

  /** Returns the configuration. */
  public ModelConfig config() {
    return config;
  }

  /** Returns the architecture. */
  public Architecture architecture() {
    return architecture;
  }

  /** Returns the weights by canonical name. */
  public Weights weights() {
    return weights;
  }

  /** Returns the GGUF file, where the model is one. */
  public Optional<GgufFile> gguf() {
    return Optional.ofNullable(gguf);
  }

  /** Returns the weight files of a folder, where the model is one. */
  public Optional<Safetensors> safetensors() {
    return Optional.ofNullable(safetensors);
  }

  /** Returns the weight files. */
  public List<Path> files() {
    if (gguf != null) return gguf.paths();
    return safetensors == null ? List.of() : safetensors.paths();
  }

  /** Returns the bytes of the weight files together. */
  public long bytes() {
    if (gguf != null) return gguf.bytes();
    return safetensors == null ? 0 : safetensors.bytes();
  }

  /** Returns whether the model has a tokenizer. */
  public boolean hasTokenizer() {
    return sidecar.tokenizerFile().isPresent() || sidecar.vocabulary().isPresent();
  }

  /** Returns the tokenizer's file in a folder, where there is one. */
  public Optional<Path> tokenizerFile() {
    return sidecar.tokenizerFile();
  }

  /**
   * Returns the tokenizer, built when first asked for.
   *
   * @throws BadInput if the model has none or it is damaged
   */
  public synchronized Tokenizer tokenizer() {
    if (tokenizer == null) {
      if (sidecar.vocabulary().isPresent()) {
        tokenizer = Tokenizers.from(sidecar.vocabulary().get().get(), path.toString());
      } else {
        tokenizer =
            Tokenizers.open(
                sidecar
                    .tokenizerFile()
                    .orElseThrow(() ->
                        new BadInput(
                            path
                                + ": the model has no tokenizer: expected tokenizer.json or"
                                + " tokenizer.model in its folder, or tokenizer.ggml.tokens in"
                                + " its GGUF")));
      }
    }
    return tokenizer;
  }

  /** Returns the chat template's text, where the model has one. */
  public Optional<String> chatTemplate() {
    return sidecar.chatTemplate();
  }

  /** Returns what the maker recommends for generating, and the ids that end it. */
  public GenerationDefaults generation() {
    return sidecar.generation();
  }

  /**
   * Returns what the files say about embedding texts.
   *
   * @throws BadInput if they ask for what Puna does not do
   */
  public EmbeddingDefaults embedding() {
    return sidecar.embedding().get();
  }

  /** Unmaps files and frees copies; does nothing the second time. */
  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    arena.close();
    if (gguf != null) gguf.close();
    if (safetensors != null) safetensors.close();
  }
}
