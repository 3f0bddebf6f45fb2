package org.puna.app.train;

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
import org.puna.app.cli.Machine;
import org.puna.app.cli.Progress;
import org.puna.model.config.BadInput;
import org.puna.train.run.Compute;
import org.puna.train.run.TrainingSpeed;
import org.puna.train.tape.Recompute;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how fast models of three sizes are trained. */
@Command(
    name = "train",
    description = {
      "Measures training: whole steps of Llama shapes on random tokens, in float32 with AdamW;",
      "the median over the counted steps. MULTIPLY is what one large product reaches in the same"
          + " run, right after.",
      "--peer has a PyTorch train the same shapes, its steps in turn with ours.",
      "Without it --markdown prints ratios to what PyTorch 2.13 reached once."
    },
    footer = {
      "",
      "Examples:",
      "  puna bench train",
      "  puna bench train --shape 7.2M --steps 9 --json",
      "  puna bench train --peer python3 --markdown"
    })
public final class BenchTrainCommand implements Callable<Integer> {
  private final Context context;

  @Option(
      names = "--shape",
      paramLabel = "NAME,…",
      split = ",",
      description = "0.3M, 7.2M, 29.5M (default: all three).")
  private List<String> shapes =
      TrainingSpeed.Shape.LLAMAS.stream().map(TrainingSpeed.Shape::name).toList();

  @Option(names = "--steps", paramLabel = "N", description = "Steps that count (default: 7).")
  private int steps = 7;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description = "Not counted, while the JVM compiles (default: 15).")
  private double warmUp = 15;

  @Option(
      names = "--recompute",
      paramLabel = "WHAT",
      description = "${COMPLETION-CANDIDATES} (default: nothing).")
  private Recompute recompute = Recompute.NOTHING;

  @Option(
      names = "--peer",
      paramLabel = "PYTHON",
      description = "A Python with PyTorch, whose eager mode trains beside Puna.")
  private @Nullable String peer;

  @Option(names = "--markdown", description = "Print a table in Markdown, with the machine.")
  private boolean markdown;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /** The command. */
  public BenchTrainCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (steps < 1 || steps > 10_000) {
      throw new BadInput("--steps: expected 1 to 10000, found " + steps);
    }
    if (!(warmUp >= 0 && warmUp <= 3600)) {
      throw new BadInput("--warm-up: expected 0 to 3600 seconds, found " + warmUp);
    }
    if (json && markdown) throw new BadInput("bench train: --json or --markdown, not both");
    List<TrainingSpeed.Shape> chosen = shapes.stream().map(BenchTrainCommand::shape).toList();
    int threads = context.settings().threads();
    List<TrainingTable.Row> rows = new ArrayList<>();
    for (TrainingSpeed.Shape shape : chosen) {
      rows.add(measure(shape, threads));
    }
    if (json) {
      context.json(rows.stream().map(r -> fields(r, threads)).toList());
    } else if (markdown) {
      String what =
          recompute == Recompute.NOTHING
              ? ""
              : "; recomputing " + recompute.name().toLowerCase(Locale.ROOT);
      context
          .console()
          .out()
          .print(
              TrainingTable.markdown(
                  rows, Machine.line(threads) + what, steps, Machine.mostBytes()));
    } else {
      context.console().out().print(TrainingTable.text(rows));
    }
    return Failures.DONE;
  }

  private TrainingTable.Row measure(TrainingSpeed.Shape shape, int threads) {
    try (Compute compute = Compute.open(threads);
        Progress progress = context.progress(shape.name(), steps);
        TorchPeer torch = peer == null ? null : new TorchPeer(peer, shape, threads)) {
      TrainingSpeed.Result r =
          TrainingSpeed.measure(
              shape,
              compute,
              recompute,
              warmUp,
              steps,
              _ -> {
                if (torch != null) torch.step();
                progress.step(1);
              });
      double product = TrainingSpeed.productFlops(compute);
      return new TrainingTable.Row(r, product, Optional.ofNullable(torch).map(TorchPeer::result));
    }
  }

  private static TrainingSpeed.Shape shape(String name) {
    return TrainingSpeed.Shape.LLAMAS.stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new BadInput(
                "--shape: expected some of "
                    + TrainingSpeed.Shape.LLAMAS.stream().map(TrainingSpeed.Shape::name).toList()
                    + ", found "
                    + name));
  }

  private Map<String, Object> fields(TrainingTable.Row row, int threads) {
    TrainingSpeed.Result r = row.measured();
    Map<String, Object> f = new LinkedHashMap<>();
    f.put("engine", "puna");
    f.put("shape", r.shape().name());
    f.put("parameters", r.parameters());
    f.put("rows", r.shape().rows());
    f.put("length", r.shape().length());
    f.put("recompute", recompute.name().toLowerCase(Locale.ROOT));
    f.put("n_threads", threads);
    f.put("processor", Machine.processor());
    f.put("java", Runtime.version().toString());
    f.put("tokens_per_second", r.median());
    f.put("flops_per_second", r.flopsPerSecond());
    f.put("product_flops_per_second", row.product());
    f.put("bytes", r.bytes());
    f.put("samples", r.tokensPerSecond());
    if (row.peer().isPresent()) {
      TorchPeer.Result p = row.peer().get();
      f.put("peer", "PyTorch " + p.version());
      f.put("peer_tokens_per_second", p.median());
      f.put("peer_samples", p.tokensPerSecond());
      f.put("peer_bytes", p.mostBytes());
      f.put("ratio", r.median() / p.median());
      return f;
    }
    TrainingTable.PyTorch.of(r.shape())
        .ifPresent(p -> {
          f.put("pytorch_tokens_per_second", p.tokensPerSecond());
          f.put("pytorch_flops_per_second", p.gflops() * 1e9);
          f.put("ratio", r.median() / p.tokensPerSecond());
        });
    return f;
  }
}
