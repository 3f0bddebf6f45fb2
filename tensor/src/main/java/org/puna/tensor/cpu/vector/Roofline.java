package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.puna.tensor.cpu.Team;

/**
 * What this machine can do at most: how fast its cores read memory, and how fast they multiply
 * numbers that are in registers. The first bounds decoding, the second reading prompts.
 */
public final class Roofline {
  private static final int N = Lanes.N;
  private static final int PIECE_BYTES = 1 << 20;
  private static final int MULTIPLICATIONS = 1 << 22;
  private static final int CHAINS = 8;
  private static final double NANOS = 1e9;

  private Roofline() {}

  /**
   * Returns bytes per second read from memory, the median of several rounds: the best of five was
   * at times twice what any other run read.
   *
   * @param bytes memory to read, more than caches hold
   */
  public static double readBytesPerSecond(int threads, long bytes, int rounds) {
    int pieces = Math.toIntExact(Math.max(1, bytes / PIECE_BYTES));
    float[] sink = new float[threads];
    double[] rates = new double[rounds];
    try (Arena arena = Arena.ofShared();
        Team team = new Team(threads)) {
      MemorySegment memory = arena.allocate((long) pieces * PIECE_BYTES, 64);
      for (int r = 0; r < rounds; r++) {
        long start = System.nanoTime();
        team.run(
            pieces, (piece, member) -> sink[member] += read(memory, (long) piece * PIECE_BYTES));
        rates[r] = pieces * (double) PIECE_BYTES * NANOS / (System.nanoTime() - start);
      }
    }
    Arrays.sort(rates);
    return rates[rounds / 2];
  }

  private static float read(MemorySegment memory, long from) {
    FloatVector a = FloatVector.zero(Lanes.F);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    long step = 4L * N;
    for (long i = 0; i < PIECE_BYTES; i += 4 * step) {
      a = a.add(Lanes.f32(memory, from + i));
      b = b.add(Lanes.f32(memory, from + i + step));
      c = c.add(Lanes.f32(memory, from + i + 2 * step));
      d = d.add(Lanes.f32(memory, from + i + 3 * step));
    }
    return LaneSum.of(a.add(b).add(c.add(d)));
  }

  /** Returns float32 operations per second: a fused multiplication and addition counts two. */
  public static double operationsPerSecond(int threads, int rounds) {
    float[] sink = new float[threads];
    double best = 0;
    double operations = 2.0 * MULTIPLICATIONS * CHAINS * N * threads;
    try (Team team = new Team(threads)) {
      for (int r = 0; r < rounds; r++) {
        long start = System.nanoTime();
        team.run(threads, (piece, member) -> sink[member] += multiply(piece));
        best = Math.max(best, operations * NANOS / (System.nanoTime() - start));
      }
    }
    return best;
  }

  private static float multiply(int seed) {
    FloatVector x = FloatVector.broadcast(Lanes.F, 1 + seed * 1e-7f);
    FloatVector a = FloatVector.zero(Lanes.F);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    for (int i = 0; i < MULTIPLICATIONS; i++) {
      a = a.fma(x, x);
      b = b.fma(x, x);
      c = c.fma(x, x);
      d = d.fma(x, x);
      e = e.fma(x, x);
      f = f.fma(x, x);
      g = g.fma(x, x);
      h = h.fma(x, x);
    }
    return LaneSum.of(a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))));
  }
}
