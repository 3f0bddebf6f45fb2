package org.puna.app.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.chat.Embedder;
import org.puna.engine.Encoders;
import org.puna.model.Pooling;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns texts into vectors. */
@Command(
    name = "embed",
    description = {
      "Turns texts into vectors, by an encoder (BERT, MiniLM, BGE, E5) or any decoder.",
      "A vector is a line of numbers. How tokens become one vector is what the model's files say,",
      "else the mean for encoders and the last token for decoders."
    },
    footer = {
      "",
      "Examples:",
      "  puna embed all-MiniLM-L6-v2 \"A king lived here.\" \"The monarch's home.\" --json",
      "  puna embed bge-small.gguf < lines.txt",
      "  puna embed model.gguf --pooling mean --dimensions 256 \"Hello\""
    })
public final class EmbedCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "TEXT",
      description = "The texts; without any, the lines of standard input.")
  private List<String> texts = new ArrayList<>();

  @Option(
      names = "--pooling",
      paramLabel = "NAME",
      description =
          "mean, cls, last, max, mean-sqrt or weighted-mean (default: what the model's files say).")
  private @Nullable String pooling;

  @Option(
      names = {"-d", "--dimensions"},
      paramLabel = "N",
      description = "Keep the first N numbers of each vector, scaled to length 1 again.")
  private @Nullable Integer dimensions;

  @Option(
      names = "--normalize",
      negatable = true,
      description =
          "Scale vectors to length 1, or not (default: what the model's files say, else yes).")
  private @Nullable Boolean normalise;

  @Option(
      names = "--truncate",
      description = "Cut texts that are longer than the model reads (default: refuse them).")
  private boolean truncate;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private ModelOptions options = new ModelOptions();

  /** The command. */
  public EmbedCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    Embedder.Options chosen =
        new Embedder.Options(
            Optional.ofNullable(pooling).map(EmbedCommand::pooling),
            Optional.ofNullable(normalise),
            OptionalInt.empty(),
            truncate);
    OptionalInt most = dimensions == null ? OptionalInt.empty() : OptionalInt.of(dimensions);
    try (LoadedModel loaded = LoadedModel.open(context, model, options);
        Embedder embedder =
            Embedder.of(new Encoders(loaded.checkpoint(), loaded.backend()), chosen)) {
      Embedder.Embeddings e = embedder.embed(Texts.given(context, texts), most);
      if (!json) {
        e.vectors().forEach(v -> context.say(line(v)));
        return Failures.DONE;
      }
      List<Map<String, Object>> data = new ArrayList<>();
      for (int i = 0; i < e.vectors().size(); i++) {
        data.add(fields(i, e.tokens()[i], e.vectors().get(i)));
      }
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("model", loaded.checkpoint().name());
      fields.put("pooling", embedder.pooling().name().toLowerCase(Locale.ROOT));
      fields.put("normalized", embedder.normalises());
      fields.put("dimensions", most.orElse(embedder.dimensions()));
      fields.put("tokens", e.totalTokens());
      fields.put("data", data);
      context.json(fields);
    }
    return Failures.DONE;
  }

  private static Pooling pooling(String name) {
    return Pooling.named(name)
        .orElseThrow(() ->
            new BadInput(
                "--pooling: expected mean, cls, last, max, mean-sqrt or weighted-mean, found '"
                    + name
                    + "'"));
  }

  private static Map<String, Object> fields(int index, int tokens, float[] vector) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("index", index);
    fields.put("tokens", tokens);
    fields.put("embedding", vector);
    return fields;
  }

  private static String line(float[] vector) {
    StringBuilder out = new StringBuilder();
    for (float x : vector) out.append(out.isEmpty() ? "" : " ").append(x);
    return out.toString();
  }
}
