package org.puna.app.models;

import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.run.CacheOptions;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model is. */
@Command(
    name = "show",
    description =
        "Shows a model: architecture, shapes, types, sizes, template, memory it will need.",
    footer = {
      "",
      "Examples:",
      "  puna models show model.gguf",
      "  puna models show folder --json",
      "  puna models show model.gguf --template",
      "  puna models show model.gguf --tensors"
    })
final class ShowCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Positions to count memory for (default: the model's, 8192 at most).")
  private int contextLength;

  @Mixin private CacheOptions cache = new CacheOptions();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--template", description = "Print the chat template alone.")
  private boolean template;

  @Option(names = "--tensors", description = "Print every tensor.")
  private boolean tensors;

  @Option(names = "--metadata", description = "Print the metadata of a GGUF file.")
  private boolean metadata;

  ShowCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (Checkpoint checkpoint = Checkpoint.open(context.store().resolve(model))) {
      ModelCard card = new ModelCard(checkpoint, contextLength, cache.type());
      if (template) {
        context
            .console()
            .out()
            .print(
                checkpoint
                    .chatTemplate()
                    .orElseThrow(() -> new BadInput(checkpoint.path() + ": has no chat template")));
      } else if (json) {
        context.json(card.fields());
      } else if (tensors) {
        context.console().out().print(card.tensors().text());
      } else if (metadata) {
        checkpoint
            .gguf()
            .orElseThrow(() -> new BadInput(checkpoint.path() + ": only GGUF has metadata"))
            .metadata()
            .values()
            .forEach((key, value) -> context.say(key + " = " + value));
      } else {
        context.console().out().print(card.text());
      }
    }
    return Failures.DONE;
  }
}
