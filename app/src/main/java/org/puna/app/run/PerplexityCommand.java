package org.puna.app.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.app.cli.Utf8;
import org.puna.engine.Evaluator;
import org.puna.engine.Perplexity;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says how well a model foresees a text. */
@Command(
    name = "perplexity",
    description = {
      "Says how well a model foresees a text: exp of the mean negative log-likelihood.",
      "The text is cut into windows; in each the second half is predicted, as llama.cpp does."
    },
    footer = {
      "",
      "Examples:",
      "  puna perplexity model.gguf wiki.test.raw",
      "  puna perplexity model.gguf book.txt --ctx 256 --json"
    })
public final class PerplexityCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Parameters(index = "1", paramLabel = "FILE", description = "A text in UTF-8.")
  private Path file = Path.of("");

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Tokens of a window (default: 512).")
  private int window = 512;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private KernelOptions options = new KernelOptions();

  @Mixin private LoraOptions lora = new LoraOptions();

  /** The command. */
  public PerplexityCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (window < 2) {
      throw new BadInput("--ctx: a window needs at least 2 tokens, found " + window);
    }
    String text = Utf8.text(Files.readAllBytes(file), file.toString());
    try (LoadedModel loaded = LoadedModel.open(context, model, options, lora)) {
      Tokenizer tokenizer = loaded.checkpoint().tokenizer();
      int[] ids = tokenizer.encodeWithSpecials(text, false);
      int windows = ids.length / window;
      try (Evaluator evaluator =
              loaded.evaluator(loaded.contextLength(window, cache.type()), window, cache.type());
          Progress progress = context.progress("perplexity", windows)) {
        Perplexity result =
            Perplexity.of(
                evaluator,
                ids,
                window,
                begin(tokenizer),
                (done, soFar) -> {
                  progress.step(1);
                  progress.note(String.format(Locale.ROOT, "%.4f", soFar.value()));
                });
        print(result, ids.length);
      }
    }
    return Failures.DONE;
  }

  /** Returns the token that each window begins with, where the model begins texts with one. */
  private static OptionalInt begin(Tokenizer tokenizer) {
    int[] empty = tokenizer.encodeWithSpecials("", false);
    OptionalInt bos = tokenizer.bos();
    return bos.isPresent() && empty.length > 0 && empty[0] == bos.getAsInt()
        ? bos
        : OptionalInt.empty();
  }

  private void print(Perplexity p, int tokens) {
    if (json) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("perplexity", p.value());
      fields.put("perplexity_error", p.valueError());
      fields.put("nll", p.nll());
      fields.put("nll_error", p.standardError());
      fields.put("windows", p.windows());
      fields.put("window_tokens", window);
      fields.put("tokens_scored", p.tokens());
      fields.put("tokens", tokens);
      context.json(fields);
    } else {
      context.say(
          String.format(
              Locale.ROOT,
              "perplexity %.4f ± %.4f (%d windows of %d tokens, %d scored)",
              p.value(),
              p.valueError(),
              p.windows(),
              window,
              p.tokens()));
    }
  }
}
