package org.puna.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.puna.tensor.Op;
import org.puna.tensor.RopeTable;

/**
 * What lies between the products, at the widths of Llama 3.2 1B: norm, rotary embedding, gate. The
 * numbers stay in a cache, as a step's do.
 */
public class SmallOperations extends Twin {
  private static final int WIDTH = 2048;
  private static final int HEAD_DIM = 64;
  private static final int HEADS = 32;
  private static final int FFN = 8192;
  private static final double ROPE_THETA = 500_000;
  private static final float EPS = 1e-5f;

  /** Tokens: decoding, or a piece of a prompt. */
  @Param({"1", "512"})
  int rows = 1;

  private float[] x = {};
  private float[] weight = {};
  private float[] cos = {};
  private float[] sin = {};
  private float[] gate = {};
  private float[] up = {};
  private float[] y = {};

  /** Without numbers yet. */
  public SmallOperations() {}

  @Override
  void prepare(Numbers numbers) {
    x = numbers.normal(rows * WIDTH);
    weight = numbers.normal(WIDTH);
    gate = numbers.normal(rows * FFN);
    up = numbers.normal(rows * FFN);
    y = new float[rows * FFN];
    int pairs = HEAD_DIM / 2;
    float[] frequencies = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      frequencies[i] = (float) Math.pow(ROPE_THETA, -2.0 * i / HEAD_DIM);
    }
    RopeTable table = new RopeTable(frequencies, 1);
    cos = new float[rows * pairs];
    sin = new float[rows * pairs];
    for (int r = 0; r < rows; r++) table.fill(r, cos, sin, r * pairs);
  }

  /** Norm of the residual stream. */
  @Benchmark
  public float[] rmsNorm(Rates.Bytes bytes) {
    kernels().rmsNorm(team(), x, rows, WIDTH, weight, EPS, y);
    bytes.add(2.0 * rows * WIDTH * Float.BYTES);
    return y;
  }

  /** Rotary embedding of the queries. */
  @Benchmark
  public float[] rope(Rates.Bytes bytes) {
    kernels().rope(team(), x, rows, HEADS, HEAD_DIM, cos, sin, HEAD_DIM / 2, false, y);
    bytes.add(2.0 * rows * WIDTH * Float.BYTES);
    return y;
  }

  /** {@code silu(gate) · up}. */
  @Benchmark
  public float[] gate(Rates.Bytes bytes) {
    kernels().gate(team(), gate, up, rows * FFN, Op.Activation.SILU, y);
    bytes.add(3.0 * rows * FFN * Float.BYTES);
    return y;
  }
}
