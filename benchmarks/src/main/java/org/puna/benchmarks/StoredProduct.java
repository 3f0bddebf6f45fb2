package org.puna.benchmarks;

import java.lang.foreign.Arena;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.puna.tensor.Repacking;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * Products with a weight as files store it: one row of activations (decoding), a few (streams
 * together) and many (reading a prompt). Several matrices take turns, so that each is read from
 * memory and not from a cache, as the layers of a model are.
 */
public class StoredProduct extends Twin {
  /** How the weight is stored. */
  @Param({"Q8_0", "Q4_0", "Q4_K", "Q6_K", "BF16", "F32"})
  String format = "Q8_0";

  /** Rows of activations. */
  @Param({"1", "8", "512"})
  int rows = 1;

  /** Rows and columns of the weight: a gate of Llama 3.2 1B. */
  @Param("8192x2048")
  String shape = "8192x2048";

  /** Weights that take turns have at least so many 10⁶ bytes together. */
  @Param("256")
  int megabytes = 256;

  /** What there may be of copies in a layout of their own. */
  @Param({"NONE", "FLOAT32", "INT8"})
  Repacking repack = Repacking.NONE;

  private final Arena arena = Arena.ofShared();
  private Tensor[] weights = {};
  private int next;
  private float[] x = {};
  private float[] y = {};

  /** Without numbers yet. */
  public StoredProduct() {}

  @Override
  boolean int8() {
    return repack == Repacking.INT8;
  }

  @Override
  void prepare(Numbers numbers) {
    BlockFormat f = BlockFormats.byName(format).orElseThrow();
    int n = Numbers.sizes(shape)[0];
    int k = Numbers.sizes(shape)[1];
    weights = new Tensor[(int) Math.max(1, Math.ceilDiv(megabytes * 1_000_000L, f.bytes(k) * n))];
    for (int i = 0; i < weights.length; i++) weights[i] = numbers.matrix(arena, f, n, k);
    if (repack != Repacking.NONE) kernels().repack(List.of(weights), 0);
    x = numbers.normal(rows * k);
    y = new float[rows * n];
  }

  /** The product. */
  @Benchmark
  public float[] linear(Rates.Bytes bytes, Rates.Flops flops) {
    Tensor w = weights[next];
    next = (next + 1) % weights.length;
    kernels().linear(team(), x, rows, w, null, y);
    bytes.add((double) w.data().byteSize());
    flops.add(2.0 * rows * w.elements());
    return y;
  }

  @Override
  public void close() {
    super.close();
    arena.close();
  }
}
