package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.puna.tensor.Op;
import org.puna.tensor.cpu.Team;

/**
 * A process that runs models of different kinds: no kind's loops box their vectors because of
 * another's, however the compiler comes upon them.
 */
class MixedModelsTest {
  private static final int NUMBERS = 512;
  private static final int CALLS = 2000;
  private static final int BYTES_PER_CALL = 16;

  /** Nanoseconds without boxes: loops are compiled more than once. */
  private static final long STEADY = 3_000_000_000L;

  private static final long LONGEST = 60_000_000_000L;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Random random = new Random(1);
  private final float[] x = numbers();
  private final float[] up = numbers();
  private final float[] y = new float[NUMBERS];

  private float[] numbers() {
    float[] n = new float[NUMBERS];
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
      allocateNothing(gates);
    } finally {
      kernels.close();
    }
  }

  @Test
  void weightsOfScoresWithAndWithoutACap() {
    Runnable plain = () -> AttentionWeights.softmax(copy(), 0, NUMBERS);
    Runnable capped =
        () -> {
          AttentionWeights.cap(copy(), 0, NUMBERS, 30);
          AttentionWeights.softmax(y, 0, NUMBERS);
        };
    allocateNothing(plain, capped);
  }

  private float[] copy() {
    System.arraycopy(x, 0, y, 0, NUMBERS);
    return y;
  }

  /** Runs all in turn until each has been compiled to what allocates nothing, and stays so. */
  private void allocateNothing(Runnable... loops) {
    long start = System.nanoTime();
    long boxed = start;
    double worst = Double.MAX_VALUE;
    while (System.nanoTime() - boxed < STEADY && System.nanoTime() - start < LONGEST) {
      worst = 0;
      for (Runnable r : loops) worst = Math.max(worst, bytesPerCall(r));
      if (worst > BYTES_PER_CALL) boxed = System.nanoTime();
    }
    assertThat(worst).as("bytes per call").isLessThanOrEqualTo(BYTES_PER_CALL);
  }

  private double bytesPerCall(Runnable r) {
    long id = Thread.currentThread().threadId();
    long before = threads.getThreadAllocatedBytes(id);
    for (int i = 0; i < CALLS; i++) r.run();
    return (double) (threads.getThreadAllocatedBytes(id) - before) / CALLS;
  }
}
