package org.puna.app.train;

import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.tune.Distilling;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model to answer as a teacher does. */
@Command(
    name = "distill",
    description = {
      "Trains a model on the probabilities of a teacher that has the same tokenizer.",
      "The loss is (1 - distill.alpha) of cross-entropy and distill.alpha of the teacher."
    },
    footer = {
      "",
      "Examples:",
      "  puna distill SMALL chats.jsonl --teacher LARGE --out runs/small",
      "  puna distill SMALL --replay tokens.safetensors --teacher LARGE --out runs/small"
    })
public final class DistillCommand implements Callable<Integer> {
  private final Context context;

  @Mixin private TuneOptions options = new TuneOptions();

  @Option(
      names = "--teacher",
      paramLabel = "MODEL",
      required = true,
      description = "The model to learn from.")
  private String teacher = "";

  /** Makes the command. */
  public DistillCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (RunDisplay display = new RunDisplay(context);
        Stopper stopper = Stopper.install()) {
      new Distilling(options.request(context), context.store().resolve(teacher), display)
          .run(stopper::asked);
    }
    return Failures.DONE;
  }
}
