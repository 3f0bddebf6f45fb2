package org.puna.app.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.model.config.BadInput;
import org.puna.train.run.Inputs;
import org.puna.train.tune.FineTuning;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that all further training shares. */
final class TuneOptions {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "The model to train further: a folder, a .gguf file, or a pulled model.")
  private String model = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "DATA",
      description = "Files of JSON Lines, JSON arrays or Parquet.")
  private List<Path> data = new ArrayList<>();

  @Option(names = "--recipe", paramLabel = "FILE", description = "A YAML file of values.")
  private @Nullable Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Override a value, such as lora.rank=16.")
  private List<String> sets = new ArrayList<>();

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = "Learn on the batches of a safetensors file: tokens [steps, batch, T+1].")
  private @Nullable Path replay;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "Begin with these adapters, a folder of the peft library.")
  private @Nullable Path adapter;

  @Option(names = "--out", paramLabel = "DIR", description = "The run's folder.")
  private @Nullable Path out;

  @Option(
      names = "--merge",
      description = "Write the adapters into the weights at the end, as a model of its own.")
  private boolean merge;

  @Option(names = "--resume", description = "Go on from the newest checkpoint in the folder.")
  private boolean resume;

  /**
   * Returns the request of a run.
   *
   * @throws BadInput if the run has no folder
   */
  FineTuning.Request request(Context context) {
    if (out == null) {
      throw new BadInput("--out is missing: name the folder of the run, such as --out runs/one");
    }
    return request(context, out);
  }

  /** Returns a request. */
  FineTuning.Request request(Context context, Path out) {
    return new FineTuning.Request(
        context.store().resolve(model),
        data,
        Optional.ofNullable(recipe),
        sets,
        out,
        Optional.ofNullable(replay),
        Optional.ofNullable(adapter),
        merge,
        resume,
        context.settings().threads(),
        new Inputs(
            model,
            data.stream().map(Path::toString).toList(),
            Optional.ofNullable(replay).map(Path::toString),
            Optional.empty(),
            Optional.ofNullable(adapter).map(Path::toString)));
  }
}
