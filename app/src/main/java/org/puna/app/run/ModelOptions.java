package org.puna.app.run;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Settings;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.Repacking;
import org.puna.tensor.backends.Backends;
import picocli.CommandLine.Option;

/** The options that say how a model is loaded. */
public class ModelOptions {
  private static final Logger LOG = System.getLogger(ModelOptions.class.getName());
  private static final int MOST_THREADS = 4096;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Worker threads (default: PUNA_THREADS, else all processors).")
  private @Nullable Integer threads;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto, cpu.vector or cpu.scalar (default: auto).")
  private String backend = "auto";

  /**
   * Returns what the backend does with copies of weights.
   *
   * @throws BadInput if that cannot be with the other options
   */
  Repacking repacking() {
    return Repacking.FLOAT32;
  }

  /** Returns whether the vector kernels were asked for, or are what there is. */
  final boolean vectors() {
    return !backend.equals("cpu.scalar") && Backends.hasVectorModule();
  }

  /** Returns the number of worker threads. */
  int threads(Settings settings) {
    if (threads == null) {
      return settings.threads();
    }
    if (threads < 1 || threads > MOST_THREADS) {
      throw new BadInput("--threads: expected 1 to " + MOST_THREADS + ", found " + threads);
    }
    return threads;
  }

  /**
   * Returns a new backend, the caller's to close.
   *
   * @throws BadInput if there is none of that name here
   */
  public Backend backend(Settings settings) {
    Repacking repacking = repacking();
    try {
      Backend opened = Backends.open(backend, threads(settings), repacking);
      boolean slow = backend.equals("auto") && !Backends.hasVectorModule();
      LOG.log(slow ? Level.WARNING : Level.INFO, opened.describe());
      return opened;
    } catch (IllegalArgumentException e) {
      throw new BadInput("--backend: " + e.getMessage(), e);
    }
  }
}
