package org.puna.app.run;

import org.puna.model.config.BadInput;
import org.puna.tensor.KvType;
import picocli.CommandLine.Option;

/** The option that says how keys and values are cached. */
public final class CacheOptions {
  @Option(
      names = {"--kv", "--cache-type"},
      paramLabel = "TYPE",
      description =
          "How keys and values are cached: f32, f16 in half of the memory, or q8_0 in a quarter"
              + " (default: f32).")
  private String kv = "f32";

  /**
   * Returns the type.
   *
   * @throws BadInput if there is none of that name
   */
  public KvType type() {
    return KvType.byName(kv)
        .orElseThrow(() ->
            new BadInput("--kv: expected one of " + KvType.allSpelled() + ", found '" + kv + "'"));
  }
}
