package org.puna.train.run;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import org.puna.model.arch.Architectures;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.tensor.Graph;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;
import org.puna.train.data.MicroBatch;
import org.puna.train.loss.Network;
import org.puna.train.optim.AdamW;
import org.puna.train.params.Parameters;
import org.puna.train.tape.Recompute;
import org.puna.train.tape.Rows;

/** Measures whole training steps of models of given sizes on random tokens. */
public final class TrainingSpeed {
  /** Tokens that are computed together, as a run does by default. */
  private static final int MICRO_TOKENS = 4096;

  private TrainingSpeed() {}

  /**
   * A model and what it is trained with.
   *
   * @param name for people
   * @param layers blocks
   * @param width D
   * @param heads of queries
   * @param kvHeads of keys and values
   * @param ffn width of the feed-forward network
   * @param vocab token ids
   * @param rows sequences of a step
   * @param length tokens of a sequence
   */
  public record Shape(
      String name,
      int layers,
      int width,
      int heads,
      int kvHeads,
      int ffn,
      int vocab,
      int rows,
      int length) {
    /** Llama shapes of 0.3, 7.2 and 29.5 million parameters, embeddings tied. */
    public static final List<Shape> LLAMAS =
        List.of(
            new Shape("0.3M", 5, 64, 8, 4, 172, 512, 8, 512),
            new Shape("7.2M", 6, 288, 6, 6, 768, 4096, 16, 256),
            new Shape("29.5M", 8, 512, 8, 8, 1376, 8192, 8, 512));

    /** Sequences that are computed together. */
    private int microRows() {
      return Math.clamp(MICRO_TOKENS / length, 1, rows);
    }

    private ModelConfig config() {
      Recipe r = Recipe.empty();
      r.set("model.layers=" + layers);
      r.set("model.width=" + width);
      r.set("model.heads=" + heads);
      r.set("model.kv_heads=" + kvHeads);
      r.set("model.ffn=" + ffn);
      r.set("model.vocab=" + vocab);
      r.set("batch.length=" + length);
      Dial.model(r);
      return Dial.config(r);
    }
  }

  /**
   * What was found.
   *
   * @param shape what was trained
   * @param parameters of the model
   * @param flopsPerToken forward and backward, causal attention, nothing computed again
   * @param bytes weights, gradients, optimiser and activations
   * @param tokensPerSecond of each step
   */
  public record Result(
      Shape shape, long parameters, double flopsPerToken, long bytes, double[] tokensPerSecond) {
    /** Returns the median of floating-point operations per second. */
    public double flopsPerSecond() {
      return median() * flopsPerToken;
    }

    /** Returns the median of tokens per second. */
    public double median() {
      double[] x = tokensPerSecond.clone();
      Arrays.sort(x);
      int n = x.length;
      return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
    }
  }

  /**
   * Trains with AdamW in float32.
   *
   * @param warmup seconds that are not counted, while the JVM compiles
   * @param steps that are counted
   * @param done told each counted step
   */
  public static Result measure(
      Shape shape,
      Compute compute,
      Recompute recompute,
      double warmup,
      int steps,
      IntConsumer done) {
    ModelConfig config = shape.config();
    var architecture = Architectures.byName(config.architecture()).orElseThrow();
    Parameters weights = Initial.drawn(architecture, config, 1);
    Graph graph = architecture.forward(config, weights, config.contextLength());
    int rows = shape.rows * shape.length;
    var gradients = weights.gradients();
    long numbers = weights.trainedNumbers() * Float.BYTES;
    Memory memory =
        new Memory(
            0,
            numbers,
            3 * numbers,
            Network.bytes(graph, gradients.keySet(), recompute, shape.microRows() * shape.length));
    memory.check(Runtime.getRuntime().maxMemory());
    var network =
        new Network(
            graph,
            gradients,
            recompute,
            shape.microRows() * shape.length,
            compute.kernels(),
            compute.grads(),
            compute.team());
    var adam =
        new AdamW(
            weights.trained(),
            new AdamW.Options(0.9, 0.95, 1e-8, 0.1),
            compute.grads(),
            compute.team());
    var schedule = Recipe.empty();
    schedule.set("steps=1000000");
    schedule.set("optimizer.lr=1e-4");
    Dial.training(schedule, config);
    var trainer =
        new Trainer(
            network,
            weights.trained(),
            adam,
            schedule.schedule(),
            1,
            Double.POSITIVE_INFINITY,
            compute.grads(),
            compute.team());
    var random = new SplittableRandom(1);
    long step = 0;
    for (long begun = System.nanoTime(); System.nanoTime() - begun < warmup * 1e9; step++) {
      trainer.step(step, batch(shape, random));
    }
    double[] rates = new double[steps];
    for (int i = 0; i < steps; i++, step++) {
      List<MicroBatch> batch = batch(shape, random);
      long begun = System.nanoTime();
      trainer.step(step, batch);
      rates[i] = rows / ((System.nanoTime() - begun) / 1e9);
      done.accept(i + 1);
    }
    return new Result(
        shape,
        ModelSize.parameters(config).total(),
        ModelSize.trainingFlops(config, shape.length, ModelSize.AttentionCount.CAUSAL).total(),
        memory.total(),
        rates);
  }

  /**
   * Measures what the machine multiplies at most, which no step can pass: a product of two matrices
   * of 1,024 × 1,024, in floating-point operations per second, the best of a few.
   */
  public static double productFlops(Compute compute) {
    int n = 1024;
    float[] x = new float[n * n];
    float[] y = new float[n * n];
    var random = new SplittableRandom(1);
    for (int i = 0; i < x.length; i++) x[i] = (float) random.nextGaussian();
    Tensor w = new Tensor(BlockFormats.F32, new long[] {n, n}, MemorySegment.ofArray(x.clone()));
    double best = 0;
    for (int i = 0; i < 60; i++) {
      long begun = System.nanoTime();
      compute.grads().linear(compute.team(), x, n, w, y);
      best = Math.max(best, 2.0 * n * n * n / ((System.nanoTime() - begun) / 1e9));
    }
    return best;
  }

  private static List<MicroBatch> batch(Shape shape, SplittableRandom random) {
    int rows = shape.microRows();
    int n = rows * shape.length;
    List<MicroBatch> parts = new ArrayList<>();
    for (int i = 0; i < shape.rows; i += rows) {
      int[] ids = random.ints(n, 0, shape.vocab).toArray();
      int[] targets = random.ints(n, 0, shape.vocab).toArray();
      parts.add(new MicroBatch(Rows.equal(ids, shape.length), targets));
    }
    return parts;
  }
}
