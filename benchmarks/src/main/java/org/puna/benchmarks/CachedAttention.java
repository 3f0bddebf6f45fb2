package org.puna.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/**
 * Attention over cached keys and values, with the heads of Llama 3.2 1B: of one token in a short
 * and in a long context, and of a whole prompt. Several layers' caches take turns, as in a step.
 */
public class CachedAttention extends Twin {
  private static final int PAGE_TOKENS = 32;

  /** Rows that attend, and positions of their sequence after them. */
  @Param({"1x128", "1x4096", "512x512"})
  String sequence = "1x128";

  /** How keys and values are stored. */
  @Param({"F32", "F16", "Q8_0"})
  String kv = "F32";

  /** Layers whose caches take turns. */
  @Param("16")
  int layers = 16;

  private final AttentionShape shape = new AttentionShape(32, 8, 64, 0.125f, 0, 0, 0);
  private Batch batch = new Batch(1, 1);
  private KvPages[] keys = {};
  private KvPages[] values = {};
  private int next;
  private double bytesOfOne;
  private double operations;
  private float[] q = {};
  private float[] y = {};

  /** Without numbers yet. */
  public CachedAttention() {}

  @Override
  void prepare(Numbers numbers) {
    int rows = Numbers.sizes(sequence)[0];
    int length = Numbers.sizes(sequence)[1];
    KvType type = KvType.byName(kv).orElseThrow();
    int[] table = new int[Math.ceilDiv(length, PAGE_TOKENS)];
    // Pages as the pool hands them out after a while: not in order.
    for (int i = 0; i < table.length; i++) table[i] = table.length - 1 - i;
    batch = new Batch(rows, 1);
    batch.add(new int[rows], 0, rows, length - rows, table, 0);
    keys = new KvPages[layers];
    values = new KvPages[layers];
    for (int i = 0; i < layers; i++) {
      int heads = shape.nKvHeads();
      keys[i] = KvPages.ofKeys(type, table.length, PAGE_TOKENS, heads, shape.headDim());
      values[i] = new KvPages(type, table.length, PAGE_TOKENS, heads, shape.headDim());
      fill(keys[i], table.length, numbers);
      fill(values[i], table.length, numbers);
    }
    bytesOfOne = 2.0 * length * shape.kvCols() * type.bytesPerNumber();
    operations = 0;
    for (int p = length - rows; p < length; p++) operations += 4.0 * (p + 1) * shape.qCols();
    q = numbers.normal(rows * shape.qCols());
    y = new float[rows * shape.qCols()];
  }

  private void fill(KvPages pages, int count, Numbers numbers) {
    float[] page = numbers.normal(PAGE_TOKENS * shape.kvCols());
    for (int i = 0; i < count; i++) pages.write(i, 0, PAGE_TOKENS, page, 0);
  }

  /** The attention of one layer. */
  @Benchmark
  public float[] attention(Rates.Bytes bytes, Rates.Flops flops) {
    kernels().attention(team(), shape, batch, q, keys[next], values[next], y);
    next = (next + 1) % layers;
    bytes.add(bytesOfOne);
    flops.add(operations);
    return y;
  }
}
