package org.puna.app.train;

import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.tune.Aligning;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Trains a model on preferences. */
@Command(
    name = "align",
    description = {
      "Makes chosen answers likelier than rejected ones: direct preference optimisation.",
      "The data has \"chosen\" and \"rejected\" beside a question.",
      "With align.method=grpo the model draws answers and learns from those that are",
      "right: the data has questions and answers, and a reward compares their last",
      "number, or their text."
    },
    footer = {
      "",
      "Examples:",
      "  puna align MODEL pairs.jsonl --out runs/aligned",
      "  puna align MODEL pairs.json --set align.beta=0.3 --set lora.rank=8 --out runs/aligned",
      "  puna align MODEL gsm8k_train.jsonl --set align.method=grpo --out runs/maths"
    })
public final class AlignCommand implements Callable<Integer> {
  private final Context context;

  @Mixin private TuneOptions options = new TuneOptions();

  /** Makes the command. */
  public AlignCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (RunDisplay display = new RunDisplay(context);
        Stopper stopper = Stopper.install()) {
      new Aligning(options.request(context), display).run(stopper::asked);
    }
    return Failures.DONE;
  }
}
