package org.puna.app.serve;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.puna.app.run.LoraOptions;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.server.serving.Forward;
import org.puna.server.serving.ModelSpec;
import picocli.CommandLine.Option;

/** The option that serves a model with adapters, as a model of its own. */
final class AdaptedModels {
  @Option(
      names = "--lora",
      paramLabel = "NAME=FOLDER",
      split = ",",
      hideParamSyntax = true,
      description = {
        "Serve the first model with these LoRA adapters, a",
        "folder of the peft library, too, and call it NAME.",
        "May be repeated."
      })
  private List<String> adapters = new ArrayList<>();

  /**
   * Returns the models that were asked for.
   *
   * @param base what they are made of
   * @throws BadInput if a folder holds no adapters of the base
   */
  List<ModelSpec> of(ModelSpec base) {
    List<ModelSpec> out = new ArrayList<>();
    for (String a : adapters) {
      int eq = a.indexOf('=');
      if (eq < 1 || eq == a.length() - 1) {
        throw new BadInput("--lora: expected NAME=FOLDER, found '" + a + "'");
      }
      Path folder = Path.of(a.substring(eq + 1));
      // Read now, so that a mistake ends the start and not the first request.
      try (Checkpoint c = Checkpoint.open(base.path())) {
        LoraOptions.read(c, folder);
      }
      Forward forward =
          (c, length) ->
              LoraOptions.read(c, folder)
                  .applied(c.architecture().forward(c.config(), c.weights(), length));
      out.add(new ModelSpec(a.substring(0, eq), base.path(), false, Optional.of(forward)));
    }
    return out;
  }
}
