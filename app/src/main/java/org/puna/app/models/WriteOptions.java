package org.puna.app.models;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Progress;
import org.puna.model.config.BadInput;
import org.puna.model.convert.Report;
import picocli.CommandLine.Option;

/** The options of commands that write weights. */
final class WriteOptions {
  private static final int MOST_THREADS = 4096;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads (default: PUNA_THREADS, else all processors).")
  private @Nullable Integer threads;

  @Option(names = "--tensors", description = "Report every tensor.")
  private boolean tensors;

  @Option(names = "--json", description = "Report as JSON.")
  private boolean json;

  int threads(Context context) {
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new BadInput("--threads: expected 1 to " + MOST_THREADS + ", found " + threads);
    }
    return threads == null ? context.settings().threads() : threads;
  }

  /** Runs the work with a progress display and prints its report. */
  void report(
      Context context, String task, Function<org.puna.model.convert.Progress, Report> work) {
    Report report;
    try (Shown shown = new Shown(context, task)) {
      report = work.apply(shown);
    }
    WeightReport.print(context, report, tensors, json);
  }

  /** Passes what many threads report on to one display, whose size is known with the first. */
  private static final class Shown implements org.puna.model.convert.Progress, AutoCloseable {
    private final Context context;
    private final String task;
    private final AtomicLong seen = new AtomicLong();
    private @Nullable Progress bar;

    Shown(Context context, String task) {
      this.context = context;
      this.task = task;
    }

    @Override
    public synchronized void at(long done, long total) {
      if (bar == null) {
        bar = context.progress(task, total);
      }
      long before = seen.getAndAccumulate(done, Math::max);
      if (done > before) {
        bar.step(done - before);
      }
    }

    @Override
    public synchronized void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
