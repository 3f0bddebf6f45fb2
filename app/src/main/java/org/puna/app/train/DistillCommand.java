package org.puna.app.train;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.tune.Distilling;
import org.puna.train.tune.Storing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model to answer as a teacher does. */
@Command(
    name = "distill",
    description = {
      "Trains a model on the probabilities of a teacher that has the same tokenizer.",
      "The loss is (1 - distill.alpha) of cross-entropy and distill.alpha of the teacher.",
      "With --store the teacher's likeliest tokens are written into a file, from which",
      "students learn without the teacher in memory."
    },
    footer = {
      "",
      "Examples:",
      "  puna distill SMALL chats.jsonl --teacher LARGE --out runs/small",
      "  puna distill SMALL --replay tokens.safetensors --teacher LARGE --out runs/small",
      "  puna distill SMALL chats.jsonl --teacher LARGE --store large.safetensors",
      "  puna distill SMALL --teacher large.safetensors --out runs/small"
    })
public final class DistillCommand implements Callable<Integer> {
  private final Context context;

  @Mixin private TuneOptions options = new TuneOptions();

  @Option(
      names = "--teacher",
      paramLabel = "MODEL",
      required = true,
      description = "The model to learn from, or a file that --store wrote of it.")
  private String teacher = "";

  @Option(
      names = "--store",
      paramLabel = "FILE",
      description = "Do not train: write the distill.k likeliest tokens of each place here.")
  private @Nullable Path store;

  /** Makes the command. */
  public DistillCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (RunDisplay display = new RunDisplay(context);
        Stopper stopper = Stopper.install()) {
      Path from = context.store().resolve(teacher);
      if (store == null) {
        new Distilling(options.request(context).taughtBy(teacher), from, display)
            .run(stopper::asked);
      } else {
        new Storing(options.request(context, Path.of("")), from, store, display)
            .run(stopper::asked);
      }
    }
    return Failures.DONE;
  }
}
