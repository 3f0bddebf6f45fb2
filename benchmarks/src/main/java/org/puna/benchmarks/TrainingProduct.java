package org.puna.benchmarks;

import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;

/**
 * Products of float32 as a training step does them, over the tokens of a micro-batch: forward, by
 * the input and by the weight.
 */
public class TrainingProduct extends Twin {
  /** Tokens. */
  @Param("4096")
  int rows = 4096;

  /** Rows and columns of the weight: gates of the three shapes of {@code puna bench train}. */
  @Param({"1376x512", "768x288", "172x64"})
  String shape = "1376x512";

  private int n;
  private int k;
  private float[] x = {};
  private float[] dy = {};
  private float[] y = {};
  private float[] dx = {};
  private float[] dw = {};
  private Tensor w = new Tensor(BlockFormats.F32, new long[0], MemorySegment.ofArray(new float[1]));

  /** Without numbers yet. */
  public TrainingProduct() {}

  @Override
  void prepare(Numbers numbers) {
    n = Numbers.sizes(shape)[0];
    k = Numbers.sizes(shape)[1];
    x = numbers.normal(rows * k);
    dy = numbers.normal(rows * n);
    y = new float[rows * n];
    dx = new float[rows * k];
    dw = new float[n * k];
    MemorySegment data = MemorySegment.ofArray(numbers.normal(n * k));
    w = new Tensor(BlockFormats.F32, new long[] {n, k}, data);
  }

  private double operations() {
    return 2.0 * rows * n * k;
  }

  /** {@code y = x · wᵀ}. */
  @Benchmark
  public float[] forward(Rates.Flops flops) {
    gradKernels().linear(team(), x, rows, w, y);
    flops.add(operations());
    return y;
  }

  /** {@code dx = dy · w}. */
  @Benchmark
  public float[] byInput(Rates.Flops flops) {
    gradKernels().linearInput(team(), dy, rows, w, false, dx);
    flops.add(operations());
    return dx;
  }

  /** {@code dw += dyᵀ · x}. */
  @Benchmark
  public float[] byWeight(Rates.Flops flops) {
    gradKernels().linearWeight(team(), dy, x, rows, n, k, dw, 0);
    flops.add(operations());
    return dw;
  }
}
