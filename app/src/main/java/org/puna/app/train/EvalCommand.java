package org.puna.app.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.app.run.KernelOptions;
import org.puna.app.run.LoadedModel;
import org.puna.app.run.LoraOptions;
import org.puna.chat.ChatModel;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Likelihoods;
import org.puna.model.config.BadInput;
import org.puna.train.data.Corpus;
import org.puna.train.eval.BitsPerByte;
import org.puna.train.eval.Item;
import org.puna.train.eval.Items;
import org.puna.train.eval.Problems;
import org.puna.train.eval.Score;
import org.puna.train.eval.Tasks;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores a model on tasks. */
@Command(
    name = "eval",
    description = {
      "Scores a model on tasks, as lm-evaluation-harness defines acc, acc_norm and exact_match.",
      "A TASK is a file of JSON lines (multiple choice, WinoGrande, LAMBADA or GSM8K: the fields",
      "tell), the name of one in the folder --data, or texts, which are scored in bits per byte: a",
      "file or folder of .txt, .md, .jsonl or .parquet, as `puna train` reads them."
    },
    footer = {
      "",
      "Examples:",
      "  puna eval model.gguf data/eval/arc_easy.jsonl data/eval/piqa.jsonl",
      "  puna eval model.gguf copa winogrande --data data/eval --limit 200 --json",
      "  puna eval model.gguf gsm8k_test --data data/eval --shots 5 --shots-from gsm8k_train.jsonl",
      "  puna eval model.gguf texts/",
      "  puna eval model.gguf heldout.parquet --field story --limit 100"
    })
public final class EvalCommand implements Callable<Integer> {
  private static final int CHUNK = 512;

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "TASK", description = "What to score.")
  private List<String> tasks = new ArrayList<>();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Folder of tasks that are named without a path (default: .).")
  private Path data = Path.of(".");

  @Option(
      names = "--field",
      paramLabel = "NAME",
      description =
          "Field of JSON lines or column of Parquet that holds the texts, as data.field in a recipe"
              + " (default: text, else content).")
  private @Nullable String field;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Items or texts of each task at most (default: all).")
  private int limit = Integer.MAX_VALUE;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Sequences that share a step; it changes scores by rounding only (default: 8).")
  private int batch = 8;

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Positions of context (default: the model's, 2048 at most).")
  private int contextLength;

  @Option(
      names = "--shots",
      paramLabel = "N",
      description = "Solved problems to show before each problem (default: 0).")
  private int shots;

  @Option(
      names = "--shots-from",
      paramLabel = "FILE",
      description = "Where the solved problems are; the first ones are taken.")
  private @Nullable Path shotsFrom;

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description = "Tokens of a solution at most (default: 256).")
  private int maxTokens = 256;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private KernelOptions options = new KernelOptions();

  @Mixin private LoraOptions lora = new LoraOptions();

  /** The command. */
  public EvalCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    within("--limit", limit, 1, Integer.MAX_VALUE);
    within("--batch", batch, 1, 1024);
    within("--max-tokens", maxTokens, 1, Integer.MAX_VALUE);
    within("--shots", shots, 0, Integer.MAX_VALUE);
    if (shots > 0 && shotsFrom == null) {
      throw new BadInput("--shots: needs --shots-from with a file of solved problems");
    }
    List<Path> files = new ArrayList<>();
    for (String t : tasks) files.add(file(t));
    List<Score> scores = new ArrayList<>();
    try (LoadedModel loaded = LoadedModel.open(context, model, options, lora)) {
      int room =
          contextLength == 0
              ? Math.min(loaded.checkpoint().config().contextLength(), 2048)
              : loaded.contextLength(contextLength);
      for (Path f : files) {
        Score s = score(loaded, room, f);
        scores.add(s);
        if (!json) print(s);
      }
    }
    if (json) {
      Map<String, Object> out = new LinkedHashMap<>();
      for (Score s : scores) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("items", s.items());
        fields.putAll(s.metrics());
        out.put(s.task(), fields);
      }
      context.json(out);
    }
    return Failures.DONE;
  }

  private static void within(String option, int value, int least, int most) {
    if (value >= least && value <= most) return;
    String range = most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most;
    throw new BadInput(option + ": expected " + range + ", found " + value);
  }

  private Path file(String task) {
    for (Path p : List.of(Path.of(task), data.resolve(task), data.resolve(task + ".jsonl"))) {
      if (Files.exists(p)) return p;
    }
    throw new BadInput(
        "TASK '" + task + "': no such file or folder, and no " + task + ".jsonl in " + data);
  }

  private static String name(Path file) {
    String name = String.valueOf(file.toAbsolutePath().normalize().getFileName());
    return name.replaceFirst("(?i)\\.(jsonl|ndjson|parquet|txt|text|md|markdown)$", "");
  }

  private Score score(LoadedModel loaded, int room, Path file) throws Exception {
    String name = name(file);
    if (!isTask(file)) return bitsPerByte(loaded, room, file, name);
    List<Item> items = Items.read(file, limit);
    if (items.getFirst() instanceof Item.Problem) return problems(loaded, room, items, name);
    try (Likelihoods likelihoods = likelihoods(loaded, room);
        Progress progress = context.progress(name, Tasks.queries(items))) {
      return new Tasks(likelihoods, loaded.checkpoint().tokenizer())
          .score(name, items, progress::step);
    }
  }

  private boolean isTask(Path file) {
    return field == null
        && Files.isRegularFile(file)
        && file.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jsonl|ndjson)")
        && Items.in(file);
  }

  private Likelihoods likelihoods(LoadedModel loaded, int room) {
    return new Likelihoods(loaded.backend(), loaded.graph(room), room, batch, CHUNK);
  }

  private Score problems(LoadedModel loaded, int room, List<Item> items, String name)
      throws Exception {
    List<Item.Problem> examples =
        shotsFrom == null || shots == 0 ? List.of() : problems(Items.read(shotsFrom, shots));
    EngineOptions sizes = EngineOptions.several(room, batch);
    try (Engine engine = new Engine(loaded.backend(), loaded.graph(room), sizes);
        Progress progress = context.progress(name, items.size())) {
      ChatModel chat = ChatModel.of(loaded.checkpoint(), engine, java.time.Clock.systemUTC());
      return new Problems(chat, room, batch, maxTokens, examples)
          .score(name, problems(items), progress::step);
    }
  }

  private static List<Item.Problem> problems(List<Item> items) {
    List<Item.Problem> out = new ArrayList<>();
    for (Item i : items) {
      if (!(i instanceof Item.Problem p)) {
        throw new BadInput("eval: expected word problems with question and answer");
      }
      out.add(p);
    }
    return out;
  }

  private Score bitsPerByte(LoadedModel loaded, int room, Path path, String name) {
    List<Path> files = Corpus.files(List.of(path));
    try (Likelihoods likelihoods = likelihoods(loaded, room);
        Progress progress = context.progress(name, -1)) {
      var score = new BitsPerByte(likelihoods, loaded.checkpoint().tokenizer(), progress::step);
      Corpus.readWhile(
          files,
          Optional.ofNullable(field),
          "with --field",
          d -> {
            score.add(d.text());
            return score.texts() < limit;
          });
      return score.score(name);
    }
  }

  private void print(Score s) {
    StringBuilder line = new StringBuilder(s.task()).append(" (").append(s.items()).append(")");
    s.metrics()
        .forEach((metric, value) -> {
          if (metric.endsWith("_stderr")) {
            line.append(String.format(Locale.ROOT, " ± %.4f", value));
          } else {
            line.append(String.format(Locale.ROOT, "  %s %.4f", metric, value));
          }
        });
    context.say(line.toString());
  }
}
