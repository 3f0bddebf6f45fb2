package org.puna.app.run;

import org.puna.model.config.BadInput;
import org.puna.tensor.Repacking;
import picocli.CommandLine.Option;

/** The options of loading a model and of how its products are computed. */
public final class KernelOptions extends ModelOptions {
  private static final String FLOATS = "f32";

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

  @Option(
      names = "--activations",
      paramLabel = "TYPE",
      defaultValue = FLOATS,
      description = {
        "f32 (default), or q8_0: round to 8 bits what is",
        "multiplied with weights in Q8_0, Q4_0, Q4_K and",
        "Q6_K, as llama.cpp does; faster and a little less",
        "exact. Their copies are made by the first token."
      })
  private String activations = FLOATS;

  /** Returns the type of activations as it is spelled. */
  String activations() {
    return activations;
  }

  /** Returns whether activations are rounded. */
  boolean rounds() {
    return !activations.equals(FLOATS);
  }

  @Override
  Repacking repacking() {
    return switch (activations) {
      case FLOATS -> noRepack ? Repacking.NONE : Repacking.FLOAT32;
      case "q8_0" -> {
        if (noRepack) {
          throw new BadInput(
              "--activations q8_0 multiplies with copies of the weights; leave out --no-repack");
        }
        if (!vectors()) {
          throw new BadInput(
              "--activations q8_0 needs the vector kernels: leave out --backend cpu.scalar, and"
                  + " start Java with --add-modules jdk.incubator.vector");
        }
        yield Repacking.INT8;
      }
      default ->
          throw new BadInput("--activations: expected f32 or q8_0, found \"" + activations + "\"");
    };
  }
}
