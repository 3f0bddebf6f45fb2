package org.puna.fleet.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.fleet.Catalogue;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;

class IterationModelTest {
  /** What the issue asks of published throughput. */
  private static final double PUBLISHED = 0.08;

  /** Parts are added in another order than the total. */
  private static final double ROUNDING = 1e-9;

  private static final Catalogue CHIPS = Catalogue.shipped();
  private final IterationModel model = new IterationModel(CalibrationFile.cluster(CHIPS));

  /** Nemotron-4 340B technical report, Table 2: H100, tensor 8, pipeline 12 interleaved. */
  @ParameterizedTest
  @CsvSource({"16, 768, 10.3", "32, 1536, 10.3", "64, 2304, 8.0"})
  void iterationsOfNemotron340b(int dp, int batch, double seconds) {
    ModelConfig nemotron =
        ModelShapes.parse(
            "layers=96,hidden=18432,heads=96,kv_heads=8,ffn=73728,gated=false,vocab=256000,"
                + "context=4096");
    Estimate e =
        new Tuner(model)
            .best(
                ask(nemotron, 4096, batch, Optional.of(TrainingRun.Software.MODERN)),
                new Layout(8, 1, 12, dp, 1, 1),
                h100());
    assertThat(e.fits()).isTrue();
    assertThat(e.seconds()).isCloseTo(seconds, within(seconds * PUBLISHED));
  }

  /**
   * Megatron-Core's README: 177B, batch 1,152 of 4,096 tokens, 47% MFU on 96 H100, 42% on 4,608,
   * with tensor-parallel communication overlapped.
   */
  @ParameterizedTest
  @CsvSource({"1, 0.47", "48, 0.42"})
  void utilisationOfMegatronCore177b(int dp, double mfu) {
    ModelConfig gpt =
        ModelShapes.parse("arch=gpt,layers=96,hidden=12288,heads=96,vocab=131072,context=4096");
    Estimate e =
        new Tuner(model)
            .best(
                ask(gpt, 4096, 1152, Optional.of(TrainingRun.Software.MEGATRON_CORE)),
                new Layout(8, 1, 12, dp, 1, 1),
                h100());
    double flops =
        ModelSize.trainingFlops(gpt, 4096, ModelSize.AttentionCount.FULL).total() * 1152 * 4096;
    double ours = flops / e.seconds() / e.gpus() / 989e12;
    assertThat(ours).isCloseTo(mfu, within(mfu * PUBLISHED));
  }

  @Test
  void megatronLm2021WithinEightPercent() throws Exception {
    // The rows of the paper's Table 1 took part in the fit, ten of eighty.
    try (Reader in =
        new InputStreamReader(
            Objects.requireNonNull(
                IterationModel.class.getResourceAsStream("megatron-lm-2021.csv")),
            StandardCharsets.UTF_8)) {
      List<Measurement> rows = Measurement.read(in, "megatron-lm-2021.csv");
      Evaluation e = Evaluation.of(rows, m -> model.calibration());
      assertThat(rows).hasSize(10);
      assertThat(e.worst()).isLessThan(PUBLISHED);
    }
  }

  /** Llama 3 paper, Table 4. These rows took no part in any fit. */
  @ParameterizedTest
  @CsvSource({"1, 64, 8192, 2048, 430", "1, 128, 8192, 2048, 400", "16, 8, 131072, 128, 380"})
  void throughputOfLlama405b(int cp, int dp, int seq, int batch, double tflops) {
    Estimate e =
        new Tuner(model)
            .best(
                Tuner.Ask.of(ModelShapes.parse("llama-3.1-405b"), seq, batch),
                new Layout(8, cp, 16, dp, 1, 1),
                h100());
    assertThat(e.modelTflopsPerGpu()).isCloseTo(tflops, within(tflops * PUBLISHED));
  }

  /**
   * ZeRO-3 sends three times the weights for each micro-batch (Rajbhandari et al. 2020, section 7),
   * and its rounds take longer over more servers (NCCL).
   */
  @Test
  void zero3SendsThreeTimesTheWeights() {
    ModelConfig m = ModelShapes.parse("llama-2-7b");
    Machine slow = h100().withScaleOut(0.1, "test");
    double one = zero3(m, 16, 1, slow);
    double two = zero3(m, 16, 2, slow);
    double weights = 2 * ModelSize.parameters(m).total();
    // One ring of whole servers leaves each by all eight ports; nothing hides behind seconds.
    double port = 8 * 0.1e9 * model.calibration().get(Constant.GRADIENT_EFFICIENCY);
    assertThat(two - one).isCloseTo(3 * weights * 15 / 16 / port, within(0.05 * (two - one)));

    Machine fast = h100().withScaleOut(1e6, "test");
    ModelConfig tiny = ModelShapes.parse("layers=32,hidden=256,heads=4,ffn=688,vocab=512");
    double hops = 14e-6 * (1024 - 64) / 8 + 3.4e-6 * (1024 - 64) * 7 / 8;
    double longer = zero3(tiny, 1024, 1, fast) - zero3(tiny, 64, 1, fast);
    assertThat(longer).isBetween(0.5 * 3 * 32 * hops, 1.1 * 3 * 32 * hops);
  }

  private double zero3(ModelConfig m, int gpus, int microBatches, Machine machine) {
    TrainingRun run =
        new TrainingRun(
            m,
            1024,
            gpus * microBatches,
            1,
            new Layout(1, 1, 1, gpus, 1, 1),
            Machine.Precision.BF16,
            Recompute.NONE,
            3,
            TrainingRun.Software.MODERN.with(TrainingRun.Gradients.BF16));
    return model.seconds(run, machine);
  }

  @Test
  void breakdownSumsToTheTime() {
    Estimate e =
        new Tuner(model)
            .best(
                Tuner.Ask.of(ModelShapes.parse("mixtral-8x7b"), 4096, 256),
                new Layout(2, 1, 4, 16, 8, 1),
                h100());
    double sum = e.breakdown().values().stream().mapToDouble(Double::doubleValue).sum();
    assertThat(sum).isCloseTo(e.seconds(), within(ROUNDING * sum));
    assertThat(e.breakdown()).containsKey("expert exchange");
    assertThat(e.breakdown().values()).allSatisfy(v -> assertThat(v).isNotNegative());
  }

  @Property(tries = 60)
  void fasterLinksAndMoreReplicasNeverSlowAToken(
      @ForAll @IntRange(min = 0, max = 3) int tpLog,
      @ForAll @IntRange(min = 0, max = 3) int ppLog,
      @ForAll @IntRange(min = 0, max = 3) int microLog) {
    Layout layout = new Layout(1 << tpLog, 1, 1 << ppLog, 4, 1, 1);
    TrainingRun run =
        new TrainingRun(
            ModelShapes.parse("llama-3-8b"),
            4096,
            256,
            1 << microLog,
            layout,
            Machine.Precision.BF16,
            Recompute.NONE,
            1,
            TrainingRun.Software.MODERN);
    Machine slow = h100().withScaleOut(12.5, "test").withNode(200, 8);
    Machine fast = h100();
    assertThat(model.seconds(run, fast)).isLessThanOrEqualTo(model.seconds(run, slow));
    TrainingRun again =
        new TrainingRun(
            run.model(),
            run.seq(),
            run.batch(),
            run.microBatch(),
            layout,
            run.precision(),
            Recompute.FULL,
            1,
            run.software());
    assertThat(model.seconds(again, fast)).isGreaterThan(model.seconds(run, fast));
    assertThat(MemoryUse.of(again).total()).isGreaterThan(0);
  }

  private static TrainingRun llama(int tp, int dp, TrainingRun.Software software) {
    return new TrainingRun(
        ModelShapes.parse("llama-3-8b"),
        4096,
        4 * dp,
        1,
        new Layout(tp, 1, 1, dp, 1, 1),
        Machine.Precision.BF16,
        Recompute.NONE,
        1,
        software);
  }

  @Test
  void ringsThatMeetAtSharedPortsAreSlower() {
    Machine own = h100().withScaleOut(12.5, "test");
    Machine shared = own.withPorts(4);
    TrainingRun meeting = llama(4, 16, TrainingRun.Software.MODERN);
    TrainingRun alone = llama(8, 16, TrainingRun.Software.MODERN);
    TrainingRun whole = llama(1, 64, TrainingRun.Software.MODERN);
    assertThat(model.seconds(meeting, shared)).isGreaterThan(model.seconds(meeting, own));
    assertThat(model.seconds(alone, shared)).isEqualTo(model.seconds(alone, own));
    assertThat(model.seconds(whole, shared)).isEqualTo(model.seconds(whole, own));
  }

  @Test
  void softwareDecides() {
    TrainingRun.Software modern = TrainingRun.Software.MODERN;
    double usual = model.seconds(llama(4, 16, modern), h100());
    assertThat(model.seconds(llama(4, 16, TrainingRun.Software.MEGATRON_CORE), h100()))
        .isLessThan(usual);
    assertThat(model.seconds(llama(4, 16, TrainingRun.Software.FLASH_1), h100()))
        .isGreaterThan(usual);
    TrainingRun half = llama(4, 16, modern.with(TrainingRun.Gradients.BF16));
    assertThat(model.seconds(half, h100())).isLessThan(usual);
    // Megatron-LM's distributed optimiser: 6 + 12/d bytes with 32-bit gradients, 4 + 16/d with 16.
    MemoryUse wide = MemoryUse.of(llama(4, 16, modern));
    MemoryUse narrow = MemoryUse.of(half);
    assertThat(wide.total() - narrow.total())
        .isCloseTo(MemoryUse.parametersPerGpu(half) * (2 - 4.0 / 16), within(1.0));
  }

  @Test
  void fewKeyValueHeadsAreRepeatedOnTensorRanks() {
    String shape = "layers=8,hidden=4096,heads=32,ffn=11008,vocab=32000,context=4096,kv_heads=";
    ModelConfig one = ModelShapes.parse(shape + 1);
    ModelConfig eight = ModelShapes.parse(shape + 8);
    assertThat(one.attention().kvDim(8)).isEqualTo(eight.attention().kvDim(8));
    Layout l = new Layout(8, 1, 1, 1, 1, 1);
    TrainingRun.Software modern = TrainingRun.Software.MODERN;
    Machine.Precision bf16 = Machine.Precision.BF16;
    TrainingRun a = new TrainingRun(one, 4096, 4, 1, l, bf16, Recompute.NONE, 0, modern);
    TrainingRun b = new TrainingRun(eight, 4096, 4, 1, l, bf16, Recompute.NONE, 0, modern);
    assertThat(MemoryUse.of(a).total()).isEqualTo(MemoryUse.of(b).total());
    assertThat(model.estimate(a, h100()).breakdown().get("matrix products"))
        .isEqualTo(model.estimate(b, h100()).breakdown().get("matrix products"));
  }

  /** No ZeRO stage can make state vanish: all GPUs together hold at least one whole copy. */
  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, 1, 1, 1, 64, 8",
    "deepseek-v3, 1, 1, 1, 64, 64",
    "deepseek-v3, 2, 1, 3, 64, 16",
    "mixtral-8x7b, 1, 1, 1, 8, 8",
    "mixtral-8x7b, 2, 2, 4, 8, 4",
    "mixtral-8x7b, 1, 1, 1, 8, 1",
    "llama-3-8b, 1, 1, 1, 8, 1",
    "llama-3-8b, 8, 2, 4, 8, 1",
    "gpt-22b, 8, 1, 4, 4, 1",
    "qwen3-8b, 4, 1, 1, 8, 1"
  })
  void allGpusTogetherHoldOneCopyOfTheState(String name, int tp, int cp, int pp, int dp, int ep) {
    ModelConfig m = ModelShapes.parse(name);
    Layout l = new Layout(tp, cp, pp, dp, ep, 1);
    double whole = ModelSize.parameters(m).total();
    for (int zero = 1; zero <= 3; zero++) {
      TrainingRun.Software modern = TrainingRun.Software.MODERN;
      Machine.Precision bf16 = Machine.Precision.BF16;
      TrainingRun run = new TrainingRun(m, 4096, dp, 1, l, bf16, Recompute.NONE, zero, modern);
      MemoryUse use = MemoryUse.of(run);
      double gpus = l.gpus();
      double least = 1 - ROUNDING;
      assertThat(gpus * use.optimizer()).isGreaterThanOrEqualTo(12 * whole * least);
      assertThat(gpus * use.gradients()).isGreaterThanOrEqualTo(4 * whole * least);
      assertThat(gpus * use.weights()).isGreaterThanOrEqualTo(2 * whole * least);
      // Updating parameters of which there is one copy cannot be shared.
      double seconds = model.estimate(run, h100()).breakdown().get("optimizer");
      assertThat(seconds * gpus * h100().chip().bandwidthTbps() * 1e12).isGreaterThan(24 * whole);
    }
  }

  /**
   * ZeRO-3 gathers a layer and the next one, in 16 bits, and has the gradients of one before it
   * shares them, whatever the number of GPUs.
   */
  @ParameterizedTest
  @CsvSource({"llama-3.1-405b, 1", "gpt-1008b, 1", "gpt-1008b, 8", "mixtral-8x7b, 1"})
  void zero3HasTwoLayersWhole(String name, int tp) {
    ModelConfig m = ModelShapes.parse(name);
    MemoryUse few = zero3Memory(m, tp, 512);
    MemoryUse many = zero3Memory(m, tp, 65_536);
    double all = ModelSize.parameters(m).nonEmbedding();
    double layer = all / m.nLayers() / tp;
    assertThat(many.weights()).isBetween(4 * layer, 4.2 * layer + 2 * all / tp / 65_536);
    assertThat(many.gradients()).isBetween(4 * layer, 4.2 * layer + 4 * all / tp / 65_536);
    assertThat(few.weights() - many.weights())
        .isCloseTo(2.0 * all / tp * (1.0 / 512 - 1.0 / 65_536), within(0.05 * few.weights()));
    // Nobody gathers from itself.
    MemoryUse one = zero3Memory(m, tp, 1);
    assertThat(one.weights()).isLessThan(2.01 * ModelSize.parameters(m).total() / tp);
  }

  private static MemoryUse zero3Memory(ModelConfig m, int tp, int dp) {
    Layout l = new Layout(tp, 1, 1, dp, 1, 1);
    TrainingRun.Software modern = TrainingRun.Software.MODERN;
    Machine.Precision bf16 = Machine.Precision.BF16;
    return MemoryUse.of(new TrainingRun(m, 2048, dp, 1, l, bf16, Recompute.FULL, 3, modern));
  }

  @Test
  void headsLargerThanLayersAreGatheredToo() {
    ModelConfig m = ModelShapes.parse("llama-3.2-1b");
    double head = 128_256.0 * 2048;
    assertThat(zero3Memory(m, 1, 65_536).gradients()).isBetween(4 * head, 4.1 * head);
  }

  @Test
  void expertsAreSharedByFewerRanksThanTheRest() {
    ModelConfig m = ModelShapes.parse("mixtral-8x7b");
    Layout l = new Layout(1, 1, 1, 8, 8, 1);
    TrainingRun.Software modern = TrainingRun.Software.MODERN;
    Machine.Precision bf16 = Machine.Precision.BF16;
    TrainingRun run = new TrainingRun(m, 4096, 8, 1, l, bf16, Recompute.NONE, 1, modern);
    // Adam's 12 bytes of 46.7 billion parameters on eight GPUs.
    assertThat(MemoryUse.of(run).optimizer() / 1e9).isCloseTo(70, within(0.5));
    assertThat(ModelSize.expertParameters(m)).isEqualTo(32L * 8 * 3 * 4096 * 14336);
  }

  /** One micro-batch passes all stages one after another, however they are cut into chunks. */
  @ParameterizedTest
  @CsvSource({"1, 10", "1, 2", "4, 5", "7, 10"})
  void chunksDoNotShortenWhatTooFewMicroBatchesLeaveEmpty(int n, int v) {
    double plain = pipelined(n, 1);
    double chunks = pipelined(n, v);
    // The first takes 8 stages of 8, each of the others 1/v of a stage more.
    double expected = (8 + (n - 1.0) / v) / (8 + n - 1.0);
    assertThat(chunks / plain).isCloseTo(expected, within(0.03));
    assertThat(pipelined(8, v)).as("as the schedule of full rounds").isGreaterThan(chunks);
  }

  private double pipelined(int microBatches, int chunks) {
    ModelConfig m = ModelShapes.parse("llama-3-70b");
    Layout l = new Layout(8, 1, 8, 1, 1, chunks);
    TrainingRun.Software modern = TrainingRun.Software.MODERN;
    Machine.Precision bf16 = Machine.Precision.BF16;
    return model.seconds(
        new TrainingRun(m, 8192, microBatches, 1, l, bf16, Recompute.NONE, 1, modern), h100());
  }

  /** Full rounds were asked of runs of 2021; newer software takes uneven ones. */
  @ParameterizedTest
  @CsvSource({
    "llama-3-70b, H100, 7, false",
    "llama-3-70b, H100, 8, true",
    "llama-3-70b, H100, 12, true",
    "'layers=48,hidden=6144,heads=48,ffn=24576,vocab=51200,arch=gpt', A100, 7, false",
    "'layers=48,hidden=6144,heads=48,ffn=24576,vocab=51200,arch=gpt', A100, 8, true",
    "'layers=48,hidden=6144,heads=48,ffn=24576,vocab=51200,arch=gpt', A100, 12, false",
    "'layers=48,hidden=6144,heads=48,ffn=24576,vocab=51200,arch=gpt', A100, 16, true"
  })
  void interleavingIsChosenWhereRoundsAreFullOrMayBeUneven(
      String shape, String chip, int batch, boolean chosen) {
    ModelConfig m = ModelShapes.parse(shape);
    Optional<TrainingRun.Software> software =
        ModelSize.isGpt(m) ? Optional.empty() : Optional.of(TrainingRun.Software.MODERN);
    Tuner.Ask ask = ask(m, 2048, batch, software);
    Machine machine = Machine.of(CHIPS.get(chip, "test"));
    Estimate e = new Tuner(model).best(ask, new Layout(8, 1, 8, 1, 1, 1), machine);
    assertThat(e.run().layout().virtualStages() > 1).isEqualTo(chosen);
  }

  private static Machine h100() {
    return Machine.of(CHIPS.get("H100", "test"));
  }

  private static Tuner.Ask ask(
      ModelConfig m, int seq, int batch, Optional<TrainingRun.Software> software) {
    return new Tuner.Ask(
        m,
        seq,
        batch,
        Machine.Precision.BF16,
        OptionalInt.of(1),
        Optional.of(Recompute.NONE),
        OptionalInt.of(1),
        software,
        OptionalInt.empty());
  }
}
