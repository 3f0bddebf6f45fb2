package org.puna.app.run;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.puna.app.cli.Context;
import org.puna.app.cli.Machine;
import org.puna.app.cli.Progress;
import org.puna.app.cli.Units;
import org.puna.app.run.peer.SideBySide;
import org.puna.app.run.peer.Trial;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.KvType;
import org.puna.tensor.backends.Backends;
import org.puna.tensor.cpu.vector.Roofline;

/**
 * Puna and llama.cpp on the same file in turn, with what the machine can do at most beside them.
 */
final class PeerBench {
  private static final int CHUNK = 512;
  private static final int STREAMS = 8;
  private static final int ROUNDS = 15;
  private static final long READ_BYTES = 512L << 20;
  private static final double GIGA = 1e9;

  private final Context context;
  private final Checkpoint model;
  private final int threads;
  private final KernelOptions options;
  private final KvType kv;

  PeerBench(Context context, Checkpoint model, int threads, KvType kv, KernelOptions options) {
    this.context = context;
    this.model = model;
    this.threads = threads;
    this.options = options;
    this.kv = kv;
  }

  /**
   * Measures and prints.
   *
   * @param where the peer, or empty to look for it
   * @throws BadInput if there is none
   */
  void run(
      Backend backend,
      String where,
      List<Integer> prompts,
      List<Integer> generate,
      List<Integer> depths,
      int repetitions,
      boolean json) {
    if (repetitions < 1) {
      throw new BadInput("-r: a comparison needs at least 1 repetition");
    }
    Path file = model.path();
    List<Trial> trials = SideBySide.trials(prompts, generate, depths, STREAMS);
    if (trials.isEmpty()) throw new BadInput("bench: nothing to measure, -p and -n are both 0");
    // One trial after the other: the caches of all together may be more than the machine has.
    Map<Trial, BenchRunner> runners = new HashMap<>();
    try (SideBySide both = new SideBySide(where, System.getenv(), file, threads, Context.mapper());
        Progress progress =
            context.progress("beside llama.cpp", (long) trials.size() * (repetitions + 1))) {
      List<SideBySide.Row> rows =
          both.measure(
              trials,
              repetitions,
              t -> {
                if (!runners.containsKey(t)) close(runners);
                return once(runners.computeIfAbsent(t, u -> runner(backend, u)), t);
              },
              () -> progress.step(1));
      print(both, rows, repetitions, json);
    } finally {
      close(runners);
    }
  }

  private static void close(Map<Trial, BenchRunner> runners) {
    runners.values().forEach(BenchRunner::close);
    runners.clear();
  }

  private BenchRunner runner(Backend backend, Trial t) {
    var graph = model.architecture().forward(model.config(), model.weights(), t.positions());
    return new BenchRunner(backend, graph, t.positions(), CHUNK, kv, t.streams());
  }

  private static double once(BenchRunner runner, Trial t) {
    runner.prepare(t.depth());
    long start = System.nanoTime();
    if (t.prompt()) {
      runner.prompt(t.tokens());
    } else {
      runner.generate(t.tokens());
    }
    return t.tokens() * t.streams() * GIGA / (System.nanoTime() - start);
  }

  private void print(SideBySide both, List<SideBySide.Row> rows, int repetitions, boolean json) {
    double read = 0;
    double multiply = 0;
    if (Backends.hasVectorModule()) {
      read = Roofline.readBytesPerSecond(threads, READ_BYTES, ROUNDS) / GIGA;
      multiply = Roofline.operationsPerSecond(threads, ROUNDS) / GIGA;
    }
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("model", BenchCommand.named(model));
      all.put("model_size", model.bytes());
      all.put("n_threads", threads);
      all.put("activations", options.activations());
      all.put("java", Runtime.version().toString());
      all.put("repetitions", repetitions);
      all.put("memory_read_gbps", read);
      all.put("float_multiply_gflops", multiply);
      all.put("rows", both.fields(rows));
      context.json(all);
      return;
    }
    String head =
        String.format(
            Locale.ROOT,
            "%s, %s; %s; median of %d in turn (lowest–highest).",
            BenchCommand.named(model),
            Units.bytes(model.bytes()),
            Machine.line(threads)
                + (options.rounds() ? ", --activations " + options.activations() : ""),
            repetitions);
    context.console().out().print(both.markdown(head, rows));
    if (read > 0) {
      context.say(
          String.format(
              Locale.ROOT,
              "%nThese cores read memory at %.1f GB/s, so decode cannot pass %.1f tokens/s with all"
                  + " weights read once a token; they multiply float32 at %.0f GFLOP/s at most.",
              read,
              read * GIGA / model.bytes(),
              multiply));
    }
  }
}
