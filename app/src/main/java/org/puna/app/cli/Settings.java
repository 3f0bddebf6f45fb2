package org.puna.app.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.puna.app.hub.HubSettings;
import org.puna.model.config.BadInput;

/**
 * The configuration of one process, read once from the environment.
 *
 * @param home the folder for pulled models, history and calibrations: {@code PUNA_HOME}, else
 *     {@code ~/.puna}
 * @param debug whether failures print their stack trace: {@code PUNA_DEBUG} set and not {@code 0}
 * @param threads worker threads of the CPU backends: {@code PUNA_THREADS}, else all processors
 * @param hub where models are pulled from
 * @param serve options of {@code puna serve}: the variables whose names begin with {@code
 *     PUNA_SERVE_}, blank ones left out
 */
public record Settings(
    Path home, boolean debug, int threads, HubSettings hub, Map<String, String> serve) {
  /** How variables that are options of {@code puna serve} begin. */
  public static final String SERVE = "PUNA_SERVE_";

  /** Settings with the public hub and without options. */
  public Settings(Path home, boolean debug, int threads) {
    this(home, debug, threads, HubSettings.DEFAULT, Map.of());
  }

  /**
   * Reads the settings from environment variables.
   *
   * @param env the environment
   * @param userHome the user's home folder
   * @throws BadInput if a variable has no meaning
   */
  public static Settings from(Map<String, String> env, Path userHome) {
    String home = env.get("PUNA_HOME");
    String debug = env.get("PUNA_DEBUG");
    return new Settings(
        home == null || home.isBlank() ? userHome.resolve(".puna") : Path.of(home),
        debug != null && !debug.isEmpty() && !debug.equals("0"),
        threads(env.get("PUNA_THREADS")),
        HubSettings.from(env),
        serve(env));
  }

  private static Map<String, String> serve(Map<String, String> env) {
    Map<String, String> out = new TreeMap<>(env);
    out.entrySet().removeIf(e -> !e.getKey().startsWith(SERVE) || e.getValue().isBlank());
    return out;
  }

  private static int threads(@Nullable String value) {
    if (value == null || value.isBlank()) {
      return Runtime.getRuntime().availableProcessors();
    }
    try {
      int n = Integer.parseInt(value.strip());
      if (n >= 1 && n <= 4096) {
        return n;
      }
    } catch (NumberFormatException e) {
      throw new BadInput(threadsLine(value), e);
    }
    throw new BadInput(threadsLine(value));
  }

  private static String threadsLine(String value) {
    return "PUNA_THREADS: expected a whole number from 1 to 4096, found '" + value + "'";
  }

  /** Returns the folder of pulled models. */
  public Path models() {
    return home.resolve("models");
  }

  /** Returns the same settings with another answer to whether stack traces are printed. */
  public Settings withDebug(boolean on) {
    return new Settings(home, on, threads, hub, serve);
  }
}
