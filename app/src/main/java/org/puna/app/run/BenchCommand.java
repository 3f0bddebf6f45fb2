package org.puna.app.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.app.cli.Table;
import org.puna.app.cli.Units;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures how fast a model reads prompts and generates, as llama-bench does. */
@Command(
    name = "bench",
    description = {
      "Measures tokens per second of prompts and of answers.",
      "pp reads a prompt of N tokens at once, tg generates N tokens one by one;",
      "mean ± standard deviation over the repetitions, after one that is not counted."
    },
    footer = {
      "",
      "Examples:",
      "  puna bench model.gguf",
      "  puna bench model.gguf -p 128,512 -n 64 -r 5 --json",
      "  puna bench model.gguf -p 0 -n 32 -d 0,4096",
      "  puna bench --synthetic llama-3.2-1b:q8_0",
      "  puna bench --synthetic llama-3.2-1b:q4_0 --write random.gguf -r 0",
      "  puna bench random.gguf --peer=llama -n 32"
    })
public final class BenchCommand implements Callable<Integer> {
  private static final int CHUNK = 512;

  /** Tokens in the context of the comparison's last row. */
  private static final int PEER_DEPTH = 4096;

  private final Context context;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private @Nullable String model;

  @Option(
      names = "--synthetic",
      paramLabel = "SHAPE:TYPE",
      description = "Random weights of a published shape, in memory, such as llama-3.2-1b:q8_0.")
  private @Nullable String synthetic;

  @Option(
      names = "--write",
      paramLabel = "FILE.gguf",
      description = "Save the random weights, so that another engine can be measured on them.")
  private @Nullable Path write;

  @Option(
      names = {"-p", "--prompt-tokens"},
      paramLabel = "N,…",
      split = ",",
      description = "Lengths of prompts (default: 512; 0 for none).")
  private List<Integer> prompts = List.of(512);

  @Option(
      names = {"-n", "--generate"},
      paramLabel = "N,…",
      split = ",",
      description = "Tokens to generate (default: 128; 0 for none).")
  private List<Integer> generate = List.of(128);

  @Option(
      names = {"-d", "--depth"},
      paramLabel = "N,…",
      split = ",",
      description =
          "Tokens already in the context (default: 0; with --peer also " + PEER_DEPTH + ").")
  private @Nullable List<Integer> depths;

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      description = "Repetitions that count (default: 5).")
  private int repetitions = 5;

  @Option(
      names = "--peer",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "FOLDER",
      description = {
        "Measure llama.cpp on the same file in turn and print ratios, as Markdown: a folder with",
        "node-llama-cpp, or a llama-bench (default: PUNA_PEER, else llama-bench on the PATH)."
      })
  private @Nullable String peer;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private KernelOptions options = new KernelOptions();

  /** The command. */
  public BenchCommand(Context context) {
    this.context = context;
  }

  /** What is measured. */
  private record Subject(String name, ModelConfig config, long bytes, Source graph) {}

  /** Makes the graph for so many positions. */
  private interface Source {
    Graph forward(int contextLength);
  }

  @Override
  public Integer call() {
    if ((model == null) == (synthetic == null)) {
      throw new BadInput("bench: expected either MODEL or --synthetic SHAPE:TYPE");
    }
    if (write != null && synthetic == null) {
      throw new BadInput("--write saves the weights of --synthetic; give that too");
    }
    if (peer != null && model == null) {
      throw new BadInput("--peer runs a file; save the random weights with --write and give that");
    }
    check("-p", prompts);
    check("-n", generate);
    check("-d", depths(0));
    check("-r", List.of(repetitions));
    if (synthetic != null) {
      try (SyntheticModel made = new SyntheticModel(synthetic)) {
        if (write != null) {
          made.write(write);
          context.note("wrote " + write + ", " + Units.bytes(made.bytes()));
        }
        measure(
            new Subject(
                made.name(),
                made.config(),
                made.bytes(),
                n -> made.architecture().forward(made.config(), made.weights(), n)));
      }
    } else if (model != null) {
      try (Checkpoint c = Checkpoint.open(context.store().resolve(model))) {
        if (peer != null) {
          compare(c, peer);
          return Failures.DONE;
        }
        measure(
            new Subject(
                named(c),
                c.config(),
                c.bytes(),
                n -> c.architecture().forward(c.config(), c.weights(), n)));
      }
    }
    return Failures.DONE;
  }

  private List<Integer> depths(int otherwise) {
    return depths == null ? List.of(otherwise) : depths;
  }

  private void compare(Checkpoint c, String where) {
    try (Backend backend = options.backend(context.settings())) {
      int threads = options.threads(context.settings());
      new PeerBench(context, c, threads, cache.type(), options)
          .run(backend, where, prompts, generate, depths(PEER_DEPTH), repetitions, json);
    }
  }

  private static void check(String option, List<Integer> values) {
    for (int n : values) {
      if (n < 0 || n > 1 << 24) {
        throw new BadInput(option + ": expected a count from 0 to 16777216, found " + n);
      }
    }
  }

  /**
   * A test.
   *
   * @param depth tokens already in the context
   * @param tokens to read at once, or to generate
   */
  private record Test(int depth, int tokens, boolean prompt) {
    String named() {
      String name = (prompt ? "pp" : "tg") + tokens;
      return depth == 0 ? name : name + " @ d" + depth;
    }
  }

  private List<Test> tests() {
    List<Test> tests = new ArrayList<>();
    for (int d : depths(0)) {
      for (int n : prompts) {
        if (n > 0) {
          tests.add(new Test(d, n, true));
        }
      }
      for (int n : generate) {
        if (n > 0) {
          tests.add(new Test(d, n, false));
        }
      }
    }
    return tests;
  }

  private void measure(Subject subject) {
    if (repetitions == 0) {
      return;
    }
    List<Test> tests = tests();
    if (tests.isEmpty()) {
      throw new BadInput("bench: nothing to measure, -p and -n are both 0");
    }
    int positions =
        tests.stream().mapToInt(t -> Math.addExact(t.depth(), t.tokens())).max().orElse(1);
    long[][] nanos = new long[tests.size()][repetitions];
    try (Backend backend = options.backend(context.settings())) {
      try (BenchRunner runner =
              new BenchRunner(
                  backend, subject.graph().forward(positions), positions, CHUNK, cache.type());
          Progress progress = context.progress("bench", tests.size() * (repetitions + 1L))) {
        for (int r = -1; r < repetitions; r++) {
          for (int i = 0; i < tests.size(); i++) {
            long time = once(runner, tests.get(i));
            if (r >= 0) {
              nanos[i][r] = time;
            }
            progress.step(1);
          }
        }
      }
      List<BenchResult> results = new ArrayList<>();
      for (int i = 0; i < nanos.length; i++) {
        Test t = tests.get(i);
        int read = t.prompt() ? t.tokens() : 0;
        results.add(new BenchResult(t.named(), t.depth(), read, t.tokens() - read, nanos[i]));
      }
      print(subject, backend, results);
    }
  }

  /** Returns the nanoseconds that a test takes. */
  private static long once(BenchRunner runner, Test t) {
    runner.prepare(t.depth());
    long start = System.nanoTime();
    if (t.prompt()) {
      runner.prompt(t.tokens());
    } else {
      runner.generate(t.tokens());
    }
    return System.nanoTime() - start;
  }

  private void print(Subject s, Backend backend, List<BenchResult> results) {
    long parameters = ModelSize.parameters(s.config()).total();
    int threads = options.threads(context.settings());
    if (json) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (BenchResult r : results) {
        Map<String, Object> f = new LinkedHashMap<>();
        f.put("engine", "puna");
        f.put("model", s.name());
        f.put("model_size", s.bytes());
        f.put("model_n_params", parameters);
        f.put("backend", backend.name());
        f.put("backend_description", backend.describe());
        f.put("n_threads", threads);
        f.put("java", Runtime.version().toString());
        f.put("activations", options.activations());
        f.put("type_k", cache.type().spelled());
        f.put("type_v", cache.type().spelled());
        f.putAll(r.fields());
        rows.add(f);
      }
      context.json(rows);
      return;
    }
    Table table = new Table("MODEL", "SIZE", "PARAMS", "BACKEND", "THREADS", "TEST", "TOKENS/S");
    for (BenchResult r : results) {
      table.row(
          s.name(),
          Units.bytes(s.bytes()),
          Units.count(parameters),
          options.rounds() ? backend.name() + ", " + options.activations() : backend.name(),
          threads,
          r.test(),
          String.format(Locale.ROOT, "%.2f ± %.2f", r.mean(), r.deviation()));
    }
    context.console().out().print(table.text());
  }

  /** Returns the file's name, because that inside is the same in all formats of one model. */
  static String named(Checkpoint c) {
    return c.gguf().isPresent() ? String.valueOf(c.path().getFileName()) : c.name();
  }
}
