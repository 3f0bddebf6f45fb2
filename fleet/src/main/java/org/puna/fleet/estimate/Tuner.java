package org.puna.fleet.estimate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * Chooses what a layout leaves open (micro-batch, interleaving, recomputation, ZeRO stage) so that
 * it fits and takes least time, as a team that trains at scale would.
 */
public final class Tuner {
  /** Micro-batches that are tried; larger ones gain nothing on any chip of the catalogue. */
  private static final int LARGEST_MICRO_BATCH = 32;

  private static final int MOST_CHUNKS = 8;

  /**
   * GPT stands for Megatron-LM's runs of 2021, whose published scripts take micro-batches of 1 to
   * 16 and at most 3 chunks.
   */
  private static final int GPT_MICRO_BATCH = 16;

  private static final int GPT_CHUNKS = 2;

  /** Peak of the fastest chip of 2021. */
  private static final double A100_TFLOPS = 312;

  private final IterationModel model;

  /**
   * A tuner.
   *
   * @param model estimates each choice
   */
  public Tuner(IterationModel model) {
    this.model = model;
  }

  /**
   * What is asked, with empty choices where the tuner may choose.
   *
   * @param model the model
   * @param seq tokens of a sequence
   * @param batch sequences of an iteration
   * @param precision format of the products
   * @param microBatch sequences of a micro-batch
   * @param recompute what is computed again
   * @param recomputed part of the layers that do so
   * @param zero ZeRO stage
   * @param software how the kernels are written
   * @param chunks interleaved chunks of a pipeline stage, 1 for plain 1F1B
   */
  public record Ask(
      ModelConfig model,
      int seq,
      int batch,
      Machine.Precision precision,
      OptionalInt microBatch,
      Optional<Recompute> recompute,
      double recomputed,
      OptionalInt zero,
      Optional<TrainingRun.Software> software,
      OptionalInt chunks) {

    /**
     * An ask whose layers all recompute alike.
     *
     * @param model the model
     * @param seq tokens of a sequence
     * @param batch sequences of an iteration
     * @param precision format of the products
     * @param microBatch sequences of a micro-batch
     * @param recompute what is computed again
     * @param zero ZeRO stage
     * @param software how the kernels are written
     * @param chunks interleaved chunks of a pipeline stage, 1 for plain 1F1B
     */
    public Ask(
        ModelConfig model,
        int seq,
        int batch,
        Machine.Precision precision,
        OptionalInt microBatch,
        Optional<Recompute> recompute,
        OptionalInt zero,
        Optional<TrainingRun.Software> software,
        OptionalInt chunks) {
      this(model, seq, batch, precision, microBatch, recompute, 1, zero, software, chunks);
    }

    /**
     * This ask for another batch.
     *
     * @param sequences of an iteration
     */
    public Ask withBatch(int sequences) {
      return new Ask(
          model,
          seq,
          sequences,
          precision,
          microBatch,
          recompute,
          recomputed,
          zero,
          software,
          chunks);
    }

    /**
     * An ask that leaves everything open.
     *
     * @param model the model
     * @param seq tokens of a sequence
     * @param batch sequences of an iteration
     */
    public static Ask of(ModelConfig model, int seq, int batch) {
      return new Ask(
          model,
          seq,
          batch,
          Machine.Precision.BF16,
          OptionalInt.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          OptionalInt.empty());
    }

    /**
     * This ask on a machine: GPT on chips that came after 2021 is taken to run Megatron-Core of its
     * time, where nothing is said.
     */
    private Ask on(Machine machine) {
      boolean later = machine.chip().bf16Tflops() > A100_TFLOPS;
      if (!later || !ModelSize.isGpt(model) || software.isPresent()) return this;
      TrainingRun.Software core = TrainingRun.Software.MEGATRON_CORE;
      if (precision == Machine.Precision.FP8) core = core.with(TrainingRun.Gradients.BF16);
      return new Ask(
          model,
          seq,
          batch,
          precision,
          microBatch,
          recompute,
          recomputed,
          zero,
          Optional.of(core),
          chunks);
    }

    /**
     * This ask with a schedule that is known.
     *
     * @param v interleaved chunks of a pipeline stage
     */
    public Ask withChunks(int v) {
      return new Ask(
          model,
          seq,
          batch,
          precision,
          microBatch,
          recompute,
          recomputed,
          zero,
          software,
          OptionalInt.of(v));
    }
  }

  /**
   * The fastest choice that fits; where none fits, the one that needs least memory.
   *
   * @param asked what is asked
   * @param layout the layout; {@code virtualStages} above 1 is kept, 1 leaves interleaving open
   * @param machine on what
   * @throws BadInput if the layout does not divide, whatever is chosen
   */
  public Estimate best(Ask asked, Layout layout, Machine machine) {
    Ask ask = asked.on(machine);
    layout.check(ask.model(), ask.seq(), ask.batch(), ask.microBatch().orElse(1));
    Estimate best = null;
    Estimate smallest = null;
    for (Recompute recompute : recomputes(ask)) {
      for (int zero : zeros(ask)) {
        for (int micro : microBatches(ask, layout)) {
          for (int chunks : chunks(ask, layout, micro)) {
            Estimate e =
                estimate(ask, layout.withVirtualStages(chunks), micro, recompute, zero, machine);
            if (e.fits() && (best == null || e.seconds() < best.seconds())) best = e;
            if (smallest == null || e.memory().total() < smallest.memory().total()) smallest = e;
          }
        }
        // Sharing more than is needed to fit only adds communication.
        if (best != null) break;
      }
    }
    return chosen(best, smallest);
  }

  private static Estimate chosen(@Nullable Estimate best, @Nullable Estimate smallest) {
    if (best != null) return best;
    if (smallest == null) throw new IllegalStateException("no choice was tried");
    return smallest;
  }

  private Estimate estimate(
      Ask ask, Layout layout, int micro, Recompute recompute, int zero, Machine machine) {
    TrainingRun.Software software =
        ask.software()
            .orElseGet(() -> TrainingRun.Software.of(ask.model(), recompute, ask.precision()));
    return model.estimate(
        new TrainingRun(
            ask.model(),
            ask.seq(),
            ask.batch(),
            micro,
            layout,
            ask.precision(),
            recompute,
            ask.recomputed(),
            zero,
            software),
        machine);
  }

  /** Whether the run is taken to be like those of Megatron-LM's paper of 2021. */
  private static boolean of2021(Ask ask) {
    boolean old = ask.precision() != Machine.Precision.FP8;
    return ModelSize.isGpt(ask.model()) && ask.software().map(s -> !s.overlapped()).orElse(old);
  }

  private static List<Recompute> recomputes(Ask ask) {
    if (ask.recompute().isPresent()) return List.of(ask.recompute().get());
    // GPT stands for Megatron-LM's published runs, which recomputed whole layers.
    return of2021(ask) ? List.of(Recompute.FULL) : List.of(Recompute.values());
  }

  private static List<Integer> zeros(Ask ask) {
    if (ask.zero().isPresent()) return List.of(ask.zero().getAsInt());
    return of2021(ask) ? List.of(0, 1) : List.of(1, 2, 3);
  }

  private static List<Integer> microBatches(Ask ask, Layout layout) {
    if (ask.microBatch().isPresent()) return List.of(ask.microBatch().getAsInt());
    int each = ask.batch() / layout.dp();
    int largest = of2021(ask) ? GPT_MICRO_BATCH : LARGEST_MICRO_BATCH;
    return IntStream.rangeClosed(1, Math.min(each, largest))
        .filter(b -> each % b == 0)
        .boxed()
        .toList();
  }

  private static List<Integer> chunks(Ask ask, Layout layout, int micro) {
    if (ask.chunks().isPresent()) return List.of(ask.chunks().getAsInt());
    if (layout.pp() == 1 || layout.virtualStages() > 1) return List.of(layout.virtualStages());
    int n = ask.batch() / layout.dp() / micro;
    int layers = layout.stageLayers(ask.model().nLayers());
    List<Integer> all = new ArrayList<>();
    int most = of2021(ask) ? GPT_CHUNKS : MOST_CHUNKS;
    int least = of2021(ask) ? 2 : 1;
    // Interleaving took full rounds of as many micro-batches as stages (Narayanan et al. 2021,
    // section 2.2) until Megatron-Core's microbatch_group_size_per_vp_stage allowed longer ones.
    boolean rounds = of2021(ask) ? n % layout.pp() == 0 : n >= layout.pp();
    for (int v = 1; v <= Math.min(layers, most); v++) {
      if (layers % v == 0 && (v == 1 || rounds && layers / v >= least)) all.add(v);
    }
    return all;
  }
}
