package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.Op;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;

/**
 * A process that runs models of different kinds: no kind's loops box their vectors because of
 * another's, however the compiler comes upon them.
 */
class MixedModelsTest {
  private static final int NUMBERS = 512;
  private static final int CALLS = 2000;
  private static final int BYTES_PER_CALL = 16;

  private static final int CONTEXT = 128;
  private static final int PAGE = 32;
  private static final int ATTENTION_CALLS = 100;
  private static final int ATTENTION_BYTES = 64;

  /** Nanoseconds without boxes: loops are compiled more than once. */
  private static final long STEADY = 3_000_000_000L;

  private static final long LONGEST = 60_000_000_000L;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Random random = new Random(1);
  private final float[] x = numbers(NUMBERS);
  private final float[] up = numbers(NUMBERS);
  private final float[] y = new float[NUMBERS];

  private float[] numbers(int count) {
    float[] n = new float[count];
    for (int i = 0; i < n.length; i++) n[i] = (float) random.nextGaussian();
    return n;
  }

  @Test
  void gatesOfAllActivations() {
    VectorKernels kernels = new VectorKernels();
    try (Team team = new Team(1)) {
      Runnable[] gates = new Runnable[Op.Activation.values().length];
      for (Op.Activation a : Op.Activation.values()) {
        gates[a.ordinal()] = () -> kernels.gate(team, x, up, NUMBERS, a, y);
      }
      allocateNothing(CALLS, BYTES_PER_CALL, List.of(gates));
    } finally {
      kernels.close();
    }
  }

  @Test
  void weightsOfScoresWithAndWithoutACap() {
    Runnable plain = () -> AttentionWeights.softmax(copy(), 0, NUMBERS);
    Runnable capped =
        () -> {
          Softcap.apply(copy(), 0, NUMBERS, 30, y);
          AttentionWeights.softmax(y, 0, NUMBERS);
        };
    allocateNothing(CALLS, BYTES_PER_CALL, List.of(plain, capped));
  }

  /** One token and a prompt, every cache, with and without a cap: twelve kinds in turn. */
  @Test
  void attentionOfTokensAndPromptsWithEveryCacheWithAndWithoutACap() {
    VectorKernels kernels = new VectorKernels();
    try (Team team = new Team(1)) {
      List<Runnable> kinds = new ArrayList<>();
      for (KvType type : KvType.values()) {
        for (int rows : new int[] {1, 64}) {
          for (float cap : new float[] {0, 30})
            kinds.add(attention(kernels, team, type, rows, cap));
        }
      }
      allocateNothing(ATTENTION_CALLS, ATTENTION_BYTES, kinds);
    } finally {
      kernels.close();
    }
  }

  /** Attention of the last rows of a context of {@link #CONTEXT} positions. */
  private Runnable attention(VectorKernels kernels, Team team, KvType type, int rows, float cap) {
    AttentionShape shape = new AttentionShape(8, 2, 64, 0.125f, 0, 0, cap);
    int[] table = new int[CONTEXT / PAGE];
    KvPages keys = KvPages.ofKeys(type, table.length, PAGE, shape.nKvHeads(), shape.headDim());
    KvPages values = new KvPages(type, table.length, PAGE, shape.nKvHeads(), shape.headDim());
    for (int i = 0; i < table.length; i++) {
      table[i] = i;
      keys.write(i, 0, PAGE, numbers(PAGE * shape.kvCols()), 0);
      values.write(i, 0, PAGE, numbers(PAGE * shape.kvCols()), 0);
    }
    Batch batch = new Batch(rows, 1);
    batch.add(new int[rows], 0, rows, CONTEXT - rows, table, 0);
    float[] q = numbers(rows * shape.qCols());
    float[] out = new float[q.length];
    return () -> kernels.attention(team, shape, batch, q, keys, values, out);
  }

  private float[] copy() {
    System.arraycopy(x, 0, y, 0, NUMBERS);
    return y;
  }

  /** Runs all in turn until each has been compiled to what allocates nothing, and stays so. */
  private void allocateNothing(int calls, int most, List<Runnable> loops) {
    long start = System.nanoTime();
    long boxed = start;
    double worst = Double.MAX_VALUE;
    while (System.nanoTime() - boxed < STEADY && System.nanoTime() - start < LONGEST) {
      worst = 0;
      for (Runnable r : loops) worst = Math.max(worst, bytesPerCall(calls, r));
      if (worst > most) boxed = System.nanoTime();
    }
    assertThat(worst).as("bytes per call").isLessThanOrEqualTo(most);
  }

  private double bytesPerCall(int calls, Runnable r) {
    long id = Thread.currentThread().threadId();
    long before = threads.getThreadAllocatedBytes(id);
    for (int i = 0; i < calls; i++) r.run();
    return (double) (threads.getThreadAllocatedBytes(id) - before) / calls;
  }
}
