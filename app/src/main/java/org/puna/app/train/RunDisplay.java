package org.puna.app.train;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Progress;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;

/** Shows a run: a bar where a person reads, else a line now and then. */
final class RunDisplay implements Watcher, AutoCloseable {
  private static final int LINES = 20;

  private final Context context;
  private @Nullable Progress bar;
  private String preparing = "";
  private long prepared;
  private long steps = 1;

  RunDisplay(Context context) {
    this.context = context;
  }

  @Override
  public void note(String line) {
    if (!preparing.isEmpty()) close();
    context.note(line);
  }

  @Override
  public void preparing(String what, long done, long total) {
    Progress p = bar;
    if (p == null || !what.equals(preparing)) {
      close();
      p = context.progress(what, total);
      bar = p;
      preparing = what;
      prepared = 0;
    }
    p.step(done - prepared);
    prepared = done;
  }

  @Override
  public void begin(long done, long steps) {
    close();
    this.steps = steps;
    bar = context.progress("training", steps);
    if (done > 0) bar.step(done);
  }

  @Override
  public void stepped(StepReport r, long tokensPerStep) {
    String text =
        String.format(
            Locale.ROOT, "loss %.4f, %,.0f tokens/s", r.loss(), r.tokensPerSecond(tokensPerStep));
    Progress p = bar;
    if (p == null) return;
    p.step(1);
    p.note(text);
    boolean shown = p instanceof Progress.Bar;
    long step = r.step() + 1;
    if (!shown && (step % Math.max(1, steps / LINES) == 0 || step == 1 || step == steps)) {
      context.note("step " + step + " of " + steps + ": " + text);
    }
  }

  @Override
  public void close() {
    if (bar != null) bar.close();
    bar = null;
    preparing = "";
  }
}
