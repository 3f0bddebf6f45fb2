package org.puna.app.fleet;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.fleet.estimate.Machine.Precision;
import org.puna.fleet.estimate.TrainingRun.Gradients;
import org.puna.fleet.estimate.TrainingRun.Software;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import picocli.CommandLine.Option;

/** Options of a training iteration; what is left out is chosen so that it fits and is fastest. */
final class RunOptions {
  @Option(
      names = "--seq",
      paramLabel = "N",
      description = "Tokens of a sequence (default: the model's, at most 8192).")
  private @Nullable String seq;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Sequences of an iteration (default: about 4M tokens).")
  private @Nullable Integer batch;

  @Option(names = "--micro-batch", paramLabel = "N", description = "Sequences of a micro-batch.")
  private @Nullable Integer microBatch;

  @Option(names = "--precision", paramLabel = "P", description = "bf16 or fp8: ${DEFAULT-VALUE}.")
  private String precision = "bf16";

  @Option(names = "--recompute", paramLabel = "R", description = "none, selective or full.")
  private @Nullable String recompute;

  @Option(
      names = "--recomputed",
      paramLabel = "F",
      description = "Part of the layers that recompute, 0 to 1: ${DEFAULT-VALUE}.")
  private double recomputed = 1;

  @Option(names = "--zero", paramLabel = "N", description = "ZeRO stage, 0 to 3.")
  private @Nullable Integer zero;

  @Option(
      names = "--software",
      paramLabel = "S",
      description =
          "modern (fused attention, sequence parallelism, overlap), megatron-core (tensor"
              + " parallelism overlapped, too), flash-1 (modern with the first FlashAttention,"
              + " 2022), megatron-2021, pytorch (its own kernels and FSDP), pytorch-compiled,"
              + " pytorch-flash-1 or pytorch-separate; the default is modern, in"
              + " fp8 megatron-core, for arch=gpt megatron-2021 or, on chips after the A100,"
              + " megatron-core.")
  private @Nullable String software;

  @Option(
      names = "--gradients",
      paramLabel = "P",
      description =
          "Format in which gradients are summed, bf16 or fp32 (default: fp32; of megatron-2021 and"
              + " in fp8 bf16).")
  private @Nullable String gradients;

  int seq(ModelConfig m) {
    if (seq == null) return Math.min(m.contextLength(), 8192);
    double tokens = Amounts.parse(seq, "--seq");
    if (tokens > Integer.MAX_VALUE || tokens != Math.rint(tokens)) {
      throw new BadInput(
          "--seq: expected a whole number of tokens, at most 2,147,483,647, found " + seq);
    }
    return (int) tokens;
  }

  /** Returns the sequences of an iteration where somebody said them. */
  OptionalInt batch() {
    return batch == null ? OptionalInt.empty() : OptionalInt.of(atLeastOne("--batch", batch));
  }

  Tuner.Ask ask(ModelConfig m) {
    int tokens = seq(m);
    if (zero != null && (zero < 0 || zero > 3)) {
      throw new BadInput("--zero: expected 0 to 3, found " + zero);
    }
    int sequences = batch == null ? Math.max(1, Integer.highestOneBit(4_194_304 / tokens)) : batch;
    return new Tuner.Ask(
        m,
        tokens,
        atLeastOne("--batch", sequences),
        precision(),
        microBatch == null
            ? OptionalInt.empty()
            : OptionalInt.of(atLeastOne("--micro-batch", microBatch)),
        recompute(),
        part(),
        zero == null ? OptionalInt.empty() : OptionalInt.of(zero),
        software(m),
        OptionalInt.empty());
  }

  Optional<Recompute> recompute() {
    if (recompute == null) return Optional.empty();
    return Optional.of(
        switch (recompute.toLowerCase(Locale.ROOT)) {
          case "none" -> Recompute.NONE;
          case "selective" -> Recompute.SELECTIVE;
          case "full" -> Recompute.FULL;
          default ->
              throw new BadInput(
                  "--recompute: expected none, selective or full, found \"" + recompute + "\"");
        });
  }

  private double part() {
    if (!(recomputed >= 0 && recomputed <= 1)) {
      throw new BadInput("--recomputed: expected 0 to 1, found " + recomputed);
    }
    return recomputed;
  }

  private Precision precision() {
    return switch (precision.toLowerCase(Locale.ROOT)) {
      case "bf16", "fp16" -> Precision.BF16;
      case "fp8" -> Precision.FP8;
      default ->
          throw new BadInput("--precision: expected bf16 or fp8, found \"" + precision + "\"");
    };
  }

  private Optional<Software> software(ModelConfig m) {
    Optional<Software> named =
        Optional.ofNullable(software).map(s -> Software.named(s, "--software"));
    if (gradients == null) return named;
    Gradients g = Gradients.named(gradients, "--gradients");
    Recompute again = recompute().orElse(Recompute.FULL);
    return Optional.of(named.orElseGet(() -> Software.of(m, again, precision())).with(g));
  }

  private static int atLeastOne(String option, int v) {
    if (v < 1) throw new BadInput(option + ": must be at least 1, found " + v);
    return v;
  }
}
