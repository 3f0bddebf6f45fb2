package org.puna.app.cli;

import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** How far a long piece of work is. Closing it clears the display. */
public sealed interface Progress extends AutoCloseable {

  /** Counts {@code n} more steps as done. */
  void step(long n);

  /** Shows a short note beside the bar. */
  void note(String text);

  @Override
  void close();

  /** Returns a bar where a person reads standard error, and silence otherwise. */
  static Progress start(Console console, String task, long total) {
    return console.errTerminal() ? new Bar(console, task, total) : new Silent();
  }

  /** Returns a bar of bytes where a person reads standard error, and silence otherwise. */
  static Progress ofBytes(Console console, String task, long total) {
    return console.errTerminal() ? new Bar(console, task, total, "MiB", 1 << 20) : new Silent();
  }

  /** Shows nothing. */
  record Silent() implements Progress {
    @Override
    public void step(long n) {}

    @Override
    public void note(String text) {}

    @Override
    public void close() {}
  }

  /** A bar with percentage, count and time left. */
  final class Bar implements Progress {
    private static final int REFRESH_MILLIS = 100;

    private final ProgressBar bar;

    private Bar(Console console, String task, long total) {
      this(console, task, total, "", 1);
    }

    private Bar(Console console, String task, long total, String unit, long unitSize) {
      this.bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setUnit(unit, unitSize)
              .setUpdateIntervalMillis(REFRESH_MILLIS)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setConsumer(new ConsoleProgressBarConsumer(console.err()))
              .setEtaFunction(s -> java.util.Optional.of(left(s.getElapsedAfterStart(), s)))
              .clearDisplayOnFinish()
              .build();
    }

    private static Duration left(Duration elapsed, me.tongfei.progressbar.ProgressState s) {
      long done = s.getCurrent();
      return done <= 0
          ? Duration.ZERO
          : Duration.ofMillis(elapsed.toMillis() * Math.max(0, s.getMax() - done) / done);
    }

    @Override
    public void step(long n) {
      bar.stepBy(n);
    }

    @Override
    public void note(String text) {
      bar.setExtraMessage(" " + text);
    }

    @Override
    public void close() {
      bar.close();
    }
  }
}
