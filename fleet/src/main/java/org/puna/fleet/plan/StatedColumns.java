package org.puna.fleet.plan;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.puna.fleet.Csv;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.estimate.TrainingRun.Gradients;
import org.puna.fleet.estimate.TrainingRun.Software;
import org.puna.fleet.estimate.Tuner;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;

/**
 * What a row of a published table may state beyond its layout; what it leaves empty is chosen as by
 * a team that wants to be fast.
 *
 * @param microBatch sequences of a micro-batch, column micro_batch
 * @param recompute what was computed again, column recompute
 * @param recomputed part of the layers that do so, column recomputed
 * @param zero ZeRO stage, column zero
 * @param software how the kernels were written, column software
 * @param gradients format in which gradients were summed, column gradients
 * @param chunks interleaved chunks of a stage, column vpp; 1 says that stages were not interleaved
 * @param scaleOutGBps network of one chip in GB/s, column scale_out_gbps: ports that chips share
 *     count by their part
 * @param ports network ports of a server, column ports
 */
record StatedColumns(
    OptionalInt microBatch,
    Optional<Recompute> recompute,
    double recomputed,
    OptionalInt zero,
    Optional<Software> software,
    Optional<Gradients> gradients,
    OptionalInt chunks,
    OptionalDouble scaleOutGBps,
    OptionalInt ports) {

  /** Reads the columns of a row. */
  static StatedColumns of(Csv.Row r) {
    return new StatedColumns(
        count(r, "micro_batch"),
        r.text("recompute").map(t -> recompute(r, t)),
        r.number("recomputed").orElse(1),
        r.number("zero").isPresent()
            ? OptionalInt.of((int) r.number("zero").getAsDouble())
            : OptionalInt.empty(),
        r.text("software").map(t -> Software.named(t, r.where() + ": software")),
        r.text("gradients").map(t -> Gradients.named(t, r.where() + ": gradients")),
        count(r, "vpp"),
        r.number("scale_out_gbps"),
        count(r, "ports"));
  }

  private static OptionalInt count(Csv.Row r, String column) {
    return r.number(column).isPresent()
        ? OptionalInt.of(r.requiredCount(column))
        : OptionalInt.empty();
  }

  private static Recompute recompute(Csv.Row r, String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "none" -> Recompute.NONE;
      case "selective" -> Recompute.SELECTIVE;
      case "full" -> Recompute.FULL;
      default ->
          throw new BadInput(
              r.where() + ": recompute: expected none, selective or full, found \"" + text + "\"");
    };
  }

  /** Returns the machine with the row's network. */
  Machine on(Machine m) {
    Machine there =
        scaleOutGBps.isPresent() ? m.withScaleOut(scaleOutGBps.getAsDouble(), "the table") : m;
    return ports.isPresent() ? there.withPorts(ports.getAsInt()) : there;
  }

  /**
   * What is asked about the row.
   *
   * @param m the model
   * @param seq tokens of a sequence
   * @param batch sequences of an iteration
   * @param precision format of the products
   * @param otherwise what was recomputed if the row says nothing
   */
  Tuner.Ask ask(
      ModelConfig m,
      int seq,
      int batch,
      Machine.Precision precision,
      Optional<Recompute> otherwise) {
    Optional<Recompute> again = recompute.or(() -> otherwise);
    Optional<Software> written =
        gradients
            .map(g ->
                software
                    .orElseGet(() -> Software.of(m, again.orElse(Recompute.FULL), precision))
                    .with(g))
            .or(() -> software);
    return new Tuner.Ask(
        m, seq, batch, precision, microBatch, again, recomputed, zero, written, chunks);
  }
}
