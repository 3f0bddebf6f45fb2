package org.puna.app.run;

import picocli.CommandLine.Option;

/** The options that say how a model is loaded that writes answers, token by token. */
public final class DecodingOptions extends ModelOptions {
  @Option(
      names = "--no-repack",
      description = {
        "Do not keep a copy of weights in Q4_0, Q4_K and",
        "Q6_K laid out for this processor's vectors. It",
        "takes as much memory as these weights in the",
        "file, is made matrix by matrix after the first",
        "128 tokens, and is left out where both would",
        "take more than 0.6 of the memory."
      })
  private boolean noRepack;

  @Override
  boolean repacks() {
    return !noRepack;
  }
}
