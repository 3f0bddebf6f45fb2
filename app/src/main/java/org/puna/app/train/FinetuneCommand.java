package org.puna.app.train;

import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.tune.FineTuning;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Trains a model further on conversations. */
@Command(
    name = "finetune",
    description = {
      "Trains a model further on conversations: it learns what the assistant says.",
      "With lora.rank only adapters are trained, beside a base of any format, quantised ones too."
    },
    footer = {
      "",
      "Examples:",
      "  puna finetune MODEL chats.jsonl --out runs/chat",
      "  puna finetune model.gguf chats.jsonl --set lora.rank=16 --merge --out runs/lora"
    })
public final class FinetuneCommand implements Callable<Integer> {
  private final Context context;

  @Mixin private TuneOptions options = new TuneOptions();

  /** Makes the command. */
  public FinetuneCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (RunDisplay display = new RunDisplay(context);
        Stopper stopper = Stopper.install()) {
      new FineTuning(options.request(context), display).run(stopper::asked);
    }
    return Failures.DONE;
  }
}
