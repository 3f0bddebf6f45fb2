package org.puna.app.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.puna.app.cli.Context;
import org.puna.model.config.BadInput;
import org.puna.train.run.Journal;
import org.puna.train.run.Recipe;
import org.puna.train.run.RunFolder;
import org.puna.train.run.TrainingRun;
import tools.jackson.databind.JsonNode;

/** Follows the measures of a run that another process does. */
final class Watching {
  private static final long PAUSE_MILLIS = 1000;

  /** Pauses without a new step after which the run is looked for. */
  private static final int QUIET = 5;

  /** Steps that are shown of what was before. */
  private static final int BEFORE = 20;

  private final Context context;
  private final Path folder;

  Watching(Context context, Path folder) {
    this.context = context;
    this.folder = folder;
  }

  /** Prints the last steps, then a line for each new one, until the run ends or was cut off. */
  void run() {
    Path metrics = folder.resolve("metrics.jsonl");
    if (!Files.exists(metrics)) {
      throw new BadInput(metrics + ": no such file; is a run in this folder?");
    }
    long steps = Recipe.read(folder.resolve("recipe.yaml")).whole("steps");
    long last = Long.MIN_VALUE;
    int quiet = 0;
    while (true) {
      // Looked at before the lines are, so that none is written between.
      boolean left = quiet >= QUIET && RunFolder.isLeft(folder);
      Optional<String> ended = ending();
      quiet++;
      List<JsonNode> lines = Journal.read(metrics);
      if (last == Long.MIN_VALUE && lines.size() > BEFORE) {
        last = lines.get(lines.size() - BEFORE - 1).path("step").asLong(-1);
      }
      for (JsonNode m : lines) {
        long step = m.path("step").asLong(-1);
        if (step <= last) continue;
        last = step;
        quiet = 0;
        context.say(line(m, steps));
      }
      context.console().out().flush();
      if (last + 1 >= steps) return;
      if (ended.isPresent()) {
        context.say("the run ended: " + ended.get());
        return;
      }
      if (left) {
        context.say("the run was cut off: its process is gone; continue it with --resume");
        return;
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private Optional<String> ending() {
    Path file = folder.resolve(TrainingRun.ENDING);
    try {
      return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String line(JsonNode m, long steps) {
    double rate = m.path("tokens_per_second").asDouble(0);
    double seconds = m.path("seconds").asDouble(0);
    long step = m.path("step").asLong(0);
    String heldOut =
        m.has("validation_loss")
            ? String.format(Locale.ROOT, "  held-out %.4f", m.path("validation_loss").asDouble(0))
            : "";
    return String.format(
        Locale.ROOT,
        "step %d/%d  loss %.4f  grad %.3f  lr %.2e  %,.0f tokens/s  %.0f min left%s",
        step + 1,
        steps,
        m.path("loss").asDouble(0),
        m.path("grad_norm").asDouble(0),
        m.path("lr").asDouble(0),
        rate,
        seconds * (steps - step - 1) / 60,
        heldOut);
  }
}
