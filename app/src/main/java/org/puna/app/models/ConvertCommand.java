package org.puna.app.models;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.model.convert.Convert;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converts between Hugging Face folders and GGUF. */
@Command(
    name = "convert",
    description = {
      "Converts a Hugging Face folder to GGUF, or a model to a Hugging Face folder.",
      "What OUT is decides: a name that ends in .gguf is a file, any other a folder."
    },
    footer = {
      "",
      "Examples:",
      "  puna convert Llama-3.2-1B model.gguf",
      "  puna convert Llama-3.2-1B model-q8_0.gguf --type q8_0",
      "  puna convert runs/tales/model tales.gguf --name tales",
      "  puna convert model.gguf folder --type bf16"
    })
public final class ConvertCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A folder, a .gguf file, or a name that `models list` shows.")
  private String in = "";

  @Parameters(index = "1", paramLabel = "OUT", description = "The file or folder to write.")
  private Path out = Path.of("");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Type of the matrices, such as f16, bf16, q8_0, q4_k_m (default: as they are).")
  private @Nullable String type;

  @Option(
      names = "--name",
      paramLabel = "TEXT",
      description =
          "The model's name in a .gguf file (default: the one in the file, or the folder's).")
  private @Nullable String name;

  @Mixin private WriteOptions options = new WriteOptions();

  /** The command. */
  public ConvertCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    Path from = context.store().resolve(in);
    int threads = options.threads(context);
    options.report(
        context,
        "convert",
        progress ->
            Convert.run(
                from,
                out,
                Optional.ofNullable(type),
                Optional.ofNullable(name),
                threads,
                progress));
    return Failures.DONE;
  }
}
