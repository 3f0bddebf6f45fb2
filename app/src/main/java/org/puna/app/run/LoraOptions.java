package org.puna.app.run;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.train.lora.Adapters;
import org.puna.train.lora.PeftFolder;
import picocli.CommandLine.Option;

/** The option that adds low-rank adapters to a model. */
public final class LoraOptions {
  @Option(
      names = "--lora",
      paramLabel = "FOLDER",
      description = {
        "Add these LoRA adapters to the model, a folder of",
        "the peft library: adapter_config.json and",
        "adapter_model.safetensors. The model may be",
        "quantised; it is not changed."
      })
  private @Nullable Path folder;

  /**
   * Reads the adapters that were asked for.
   *
   * @throws org.puna.model.config.BadInput if the folder holds no adapters of this model
   */
  Optional<Adapters> read(Checkpoint base) {
    return Optional.ofNullable(folder).map(f -> read(base, f));
  }

  /**
   * Reads a folder of adapters.
   *
   * @throws org.puna.model.config.BadInput if it holds no adapters of this model
   */
  public static Adapters read(Checkpoint base, Path folder) {
    var peft = new PeftFolder(base.architecture(), base.config(), base.weights().ropeInterleaved());
    return peft.read(folder, name -> base.weights().get(name).tensor().shape());
  }
}
