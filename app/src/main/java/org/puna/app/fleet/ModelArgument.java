package org.puna.app.fleet;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.puna.model.arch.Architectures;
import org.puna.model.arch.GgufShape;
import org.puna.model.arch.HfConfig;
import org.puna.model.arch.HfShape;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.gguf.GgufFile;

/** What a MODEL can be on the command line of fleet: a file, a folder, a name, a shape. */
final class ModelArgument {
  private ModelArgument() {}

  /**
   * The configuration of a GGUF file, a {@code config.json}, a folder with one, a named or a
   * spelled-out shape. Files may be of a model that Puna only plans with.
   *
   * @param text what the user wrote
   * @throws BadInput if it is none of them
   */
  static ModelConfig read(String text) {
    Path path;
    try {
      path = Path.of(text);
    } catch (InvalidPathException e) {
      return ModelShapes.parse(text);
    }
    if (Files.isDirectory(path)) path = path.resolve("config.json");
    if (!Files.exists(path)) return ModelShapes.parse(text);
    if (path.toString().endsWith(".gguf")) {
      try (GgufFile file = GgufFile.open(path)) {
        return Architectures.runs(file)
            ? Architectures.ofGguf(file).fromGguf(file)
            : ModelShapes.parse(GgufShape.of(file));
      }
    }
    HfConfig config = HfConfig.read(path);
    return Architectures.runs(config)
        ? Architectures.ofHf(config).fromHf(config)
        : ModelShapes.parse(HfShape.of(config));
  }
}
