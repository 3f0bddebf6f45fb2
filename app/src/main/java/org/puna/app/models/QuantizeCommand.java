package org.puna.app.models;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.model.convert.Mix;
import org.puna.model.convert.Quantize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model with smaller numbers. */
@Command(
    name = "quantize",
    description = {
      "Writes a model as GGUF of another type and reports the error of each type.",
      "Errors are relative: root mean square of the error over that of the original."
    },
    footer = {
      "",
      "Examples:",
      "  puna quantize model-f16.gguf model-q8_0.gguf q8_0",
      "  puna quantize model-f16.gguf model-q4_k_m.gguf q4_k_m --tensors",
      "  puna quantize Llama-3.2-1B model-q4_0.gguf q4_0 --json"
    })
public final class QuantizeCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String in = "";

  @Parameters(index = "1", paramLabel = "OUT", description = "The .gguf file to write.")
  private Path out = Path.of("");

  @Parameters(
      index = "2",
      paramLabel = "TYPE",
      completionCandidates = Types.class,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private String type = "";

  @Option(
      names = "--pure",
      description = "Give every matrix the type's base format, without finer ones for some.")
  private boolean pure;

  @Mixin private WriteOptions options = new WriteOptions();

  /** The names of types, for the help. */
  static final class Types implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return Arrays.stream(Mix.values()).map(Mix::name).collect(Collectors.toList()).iterator();
    }
  }

  /** The command. */
  public QuantizeCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    Mix mix = Mix.named(type);
    Path from = context.store().resolve(in);
    int threads = options.threads(context);
    options.report(
        context, "quantize", progress -> Quantize.run(from, out, mix, pure, threads, progress));
    return Failures.DONE;
  }
}
