package org.puna.app.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.run.Pretraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a model from texts. */
@Command(
    name = "train",
    description = {
      "Trains a model: from a folder of texts to a folder that every tool loads.",
      "Values that the recipe leaves open follow from its depth; all are printed and saved.",
      "A run that was killed goes on with --resume, bit for bit."
    },
    footer = {
      "",
      "Examples:",
      "  puna train recipes/tiny.yaml --set data.paths=books",
      "  puna train --set depth=4 --set data.paths=books --out runs/mine",
      "  puna train --resume --out runs/mine",
      "  puna train --init MODEL --replay tokens.safetensors --out runs/compare",
      "  puna train --watch runs/mine"
    })
public final class TrainCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "RECIPE",
      description = "A YAML file of values; docs/training.md lists all.")
  private @Nullable Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Override a value of the recipe, such as optimizer.lr=1e-3; a list (data.paths=a,b) grows"
              + " with each.")
  private List<String> sets = new ArrayList<>();

  @Option(names = "--init", paramLabel = "DIR", description = "Begin with this model's weights.")
  private @Nullable Path init;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description =
          "Train on exactly the batches of a safetensors file: tokens [steps, batch, T+1].")
  private @Nullable Path replay;

  @Option(names = "--out", paramLabel = "DIR", description = "The run's folder; runs/NAME.")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      description =
          "Go on from the newest checkpoint in the folder, by its recipe where RECIPE is left out.")
  private boolean resume;

  @Option(names = "--watch", paramLabel = "DIR", description = "Show how a run in DIR goes.")
  private @Nullable Path watch;

  /** Makes the command. */
  public TrainCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (watch != null) {
      new Watching(context, watch).run();
      return Failures.DONE;
    }
    var request =
        new Pretraining.Request(
            Optional.ofNullable(recipe),
            sets,
            Optional.ofNullable(init),
            Optional.ofNullable(replay),
            Optional.ofNullable(out),
            resume,
            context.settings().threads());
    try (RunDisplay display = new RunDisplay(context);
        Stopper stopper = Stopper.install()) {
      new Pretraining(request, display).run(stopper::asked);
    }
    return Failures.DONE;
  }
}
