package org.puna.app.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Table;
import org.puna.chat.Reranker;
import org.puna.engine.Encoders;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Orders documents by how well they answer a query. */
@Command(
    name = "rerank",
    description = {
      "Orders documents by how well they answer a query, by a cross-encoder; the best first.",
      "Scores are what the model's head says, of any size."
    },
    footer = {
      "",
      "Examples:",
      "  puna rerank ms-marco-MiniLM-L6-v2 \"who was king?\" \"A garden.\" \"Henry was king.\"",
      "  puna rerank bge-reranker \"who was king?\" --top 3 --json < documents.txt"
    })
public final class RerankCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Parameters(index = "1", paramLabel = "QUERY", description = "The query.")
  private String query = "";

  @Parameters(
      index = "2..*",
      arity = "0..*",
      paramLabel = "DOC",
      description = "The documents; without any, the lines of standard input.")
  private List<String> documents = new ArrayList<>();

  @Option(names = "--top", paramLabel = "N", description = "Print the best N only.")
  private @Nullable Integer top;

  @Option(names = "--sigmoid", description = "Print scores between 0 and 1: 1 / (1 + e^-score).")
  private boolean sigmoid;

  @Option(
      names = "--truncate",
      description = "Cut pairs that are longer than the model reads (default: refuse them).")
  private boolean truncate;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private ModelOptions options = new ModelOptions();

  /** The command. */
  public RerankCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (top != null && top < 1) {
      throw new BadInput("--top: expected at least 1 document, found " + top);
    }
    try (LoadedModel loaded = LoadedModel.open(context, model, options);
        Reranker reranker =
            Reranker.of(new Encoders(loaded.checkpoint(), loaded.backend()), truncate)) {
      List<String> all = Texts.given(context, documents);
      Reranker.Ranking ranking = reranker.rank(query, all);
      int[] best = ranking.best();
      int n = top == null ? best.length : Math.min(top, best.length);
      List<Map<String, Object>> results = new ArrayList<>();
      Table table = new Table("SCORE", "INDEX", "DOCUMENT");
      for (int i = 0; i < n; i++) {
        int d = best[i];
        double score = ranking.scores()[d];
        if (sigmoid) score = Reranker.sigmoid(score);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("index", d);
        fields.put("score", score);
        fields.put("tokens", ranking.tokens()[d]);
        fields.put("document", all.get(d));
        results.add(fields);
        table.row(String.format(Locale.ROOT, "%.6f", score), d, Texts.cell(all.get(d)));
      }
      if (json) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", loaded.checkpoint().name());
        fields.put("tokens", ranking.totalTokens());
        fields.put("results", results);
        context.json(fields);
      } else {
        context.console().out().print(table.text());
      }
    }
    return Failures.DONE;
  }
}
