package org.puna.model.arch;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.puna.model.config.BadInput;
import org.puna.model.gguf.GgufFile;
import org.puna.model.io.Names;

/** Every architecture that Puna runs, in one list. A new one is one class and a line here. */
public final class Architectures {
  // Llama stands last among those whose GGUF says "llama": the others recognise themselves by more.
  // In GGUF a RoBERTa is a BERT.
  private static final List<Architecture> ALL =
      List.of(
          new Mixtral(),
          new Mistral(),
          new Llama(),
          new Llama4(),
          new Qwen2(),
          new Qwen3(),
          new Gemma3(),
          new Phi3(),
          new Bert(),
          new Roberta());

  private Architectures() {}

  /** Returns all architectures. */
  public static List<Architecture> all() {
    return ALL;
  }

  /** Returns the architecture of a name. */
  public static Optional<Architecture> byName(String name) {
    return ALL.stream().filter(a -> a.name().equals(name)).findFirst();
  }

  /** Returns whether a {@code config.json} is of an architecture that Puna runs. */
  public static boolean runs(HfConfig config) {
    Optional<String> type = config.text("model_type");
    return type.isPresent() && ALL.stream().anyMatch(a -> a.modelTypes().contains(type.get()));
  }

  /**
   * Returns the architecture of a {@code config.json}.
   *
   * @throws BadInput if it names none or an unknown one
   */
  public static Architecture ofHf(HfConfig config) {
    String type =
        config
            .text("model_type")
            .orElseThrow(() -> new BadInput(config.where() + ": JSON key model_type is missing"));
    return ALL.stream()
        .filter(a -> a.modelTypes().contains(type))
        .findFirst()
        .orElseThrow(() ->
            new BadInput(
                config.where()
                    + ": JSON key model_type: expected one of "
                    + ALL.stream()
                        .flatMap(a -> a.modelTypes().stream().sorted())
                        .collect(Collectors.joining(", "))
                    + ", found "
                    + Names.quote(type)));
  }

  /** Returns whether a GGUF file is of an architecture that Puna runs. */
  public static boolean runs(GgufFile file) {
    return ALL.stream().anyMatch(a -> a.reads(file));
  }

  /**
   * Returns the architecture of a GGUF file.
   *
   * @throws BadInput if it names none or an unknown one
   */
  public static Architecture ofGguf(GgufFile file) {
    String name = file.metadata().string("general.architecture");
    return ALL.stream()
        .filter(a -> a.reads(file))
        .findFirst()
        .orElseThrow(() ->
            new BadInput(
                file.metadata().source()
                    + ": metadata key general.architecture: expected one of "
                    + ALL.stream()
                        .map(Architecture::ggufName)
                        .distinct()
                        .collect(Collectors.joining(", "))
                    + ", found "
                    + Names.quote(name)));
  }
}
