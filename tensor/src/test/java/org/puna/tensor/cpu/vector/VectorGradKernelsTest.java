package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.quant.BlockFormats;

/** The vector derivatives beside the scalar ones, at odd sizes, and at two sizes of team. */
class VectorGradKernelsTest {
  /**
   * Largest difference, relative to the largest number: sums in another order, own exponentials.
   */
  private static final double TOLERANCE = 2e-5;

  /** Numbers after each array that nothing may change. */
  private static final int GUARD = 7;

  private static final float SENTINEL = 12345.678f;

  private final SplittableRandom random = new SplittableRandom(11);
  private final Team one = new Team(1);
  private final Team three = new Team(3);

  @AfterEach
  void close() {
    one.close();
    three.close();
  }

  private float[] numbers(int n) {
    float[] x = new float[n + GUARD];
    for (int i = 0; i < n; i++) x[i] = (float) (random.nextGaussian());
    Arrays.fill(x, n, x.length, SENTINEL);
    return x;
  }

  /** Runs both kernels on copies of {@code results} and compares them. */
  private void same(BiConsumer<GradKernels, Run> work, float[]... results) {
    Run scalar = new Run(one, copies(results));
    Run vector = new Run(one, copies(results));
    Run team = new Run(three, copies(results));
    try (GradKernels s = new ScalarGradKernels();
        GradKernels v = new VectorGradKernels();
        GradKernels w = new VectorGradKernels()) {
      work.accept(s, scalar);
      work.accept(v, vector);
      work.accept(w, team);
    }
    for (int r = 0; r < results.length; r++) {
      close(vector.out[r], scalar.out[r]);
      assertThat(team.out[r]).as("on three threads").isEqualTo(vector.out[r]);
    }
  }

  private record Run(Team team, float[][] out) {}

  private static float[][] copies(float[][] x) {
    return Arrays.stream(x).map(float[]::clone).toArray(float[][]::new);
  }

  private static void close(float[] found, float[] expected) {
    int n = expected.length - GUARD;
    double largest = 1e-3;
    for (int i = 0; i < n; i++) largest = Math.max(largest, Math.abs(expected[i]));
    for (int i = 0; i < n; i++) {
      assertThat((double) found[i])
          .as("number " + i)
          .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(TOLERANCE * largest));
    }
    for (int i = n; i < found.length; i++) assertThat(found[i]).isEqualTo(SENTINEL);
  }

  private Tensor tensor(float[] w, long... shape) {
    int n = 1;
    for (long s : shape) n *= (int) s;
    return new Tensor(
        BlockFormats.F32, shape, MemorySegment.ofArray(w).asSlice(0, (long) n * Float.BYTES));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "7, 5, 3",
    "6, 64, 16",
    "13, 65, 129",
    "130, 200, 70",
    "3, 4, 1030",
    "250, 96, 515",
    "700, 4, 64",
    "5, 700, 64"
  })
  void products(int rows, int n, int k) {
    float[] x = numbers(rows * k);
    float[] dy = numbers(rows * n);
    Tensor w = tensor(numbers(n * k), n, k);
    same((g, r) -> g.linear(r.team, x, rows, w, r.out[0]), numbers(rows * n));
    same((g, r) -> g.linearInput(r.team, dy, rows, w, false, r.out[0]), numbers(rows * k));
    same((g, r) -> g.linearInput(r.team, dy, rows, w, true, r.out[0]), numbers(rows * k));
    same((g, r) -> g.linearWeight(r.team, dy, x, rows, n, k, r.out[0], 3), numbers(n * k + 3));
    same((g, r) -> g.bias(r.team, dy, rows, n, r.out[0]), numbers(n));
  }

  @Test
  void productsWithAnExpertOfMany() {
    float[] all = numbers(3 * 10 * 20);
    Tensor w = tensor(all, 3, 10, 20).slice(2);
    float[] x = numbers(9 * 20);
    same((g, r) -> g.linear(r.team, x, 9, w, r.out[0]), numbers(9 * 10));
  }

  @Test
  void productsWithQuantisedWeights() {
    int n = 70;
    int k = 96;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(BlockFormats.Q8_0.bytes((long) n * k));
      BlockFormats.Q8_0.encode(numbers(n * k), 0, n * k, data, 0);
      Tensor w = new Tensor(BlockFormats.Q8_0, new long[] {n, k}, data);
      float[] x = numbers(11 * k);
      float[] dy = numbers(11 * n);
      same((g, r) -> g.linear(one, x, 11, w, r.out[0]), numbers(11 * n));
      same((g, r) -> g.linearInput(one, dy, 11, w, true, r.out[0]), numbers(11 * k));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 33", "40, 16", "17, 100"})
  void norms(int groups, int group) {
    float[] dy = numbers(groups * group);
    float[] x = numbers(groups * group);
    float[] w = numbers(group);
    for (boolean add : new boolean[] {false, true}) {
      same(
          (g, r) -> g.rmsNorm(r.team, dy, x, groups, group, w, 1e-5f, add, r.out[0], r.out[1]),
          numbers(groups * group),
          numbers(group));
      same(
          (g, r) -> g.rmsNorm(r.team, dy, x, groups, group, null, 1e-5f, add, r.out[0], null),
          numbers(groups * group));
    }
    same(
        (g, r) -> g.rmsNorm(r.team, dy, x, groups, group, w, 1e-5f, false, null, r.out[0]),
        numbers(group));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 33", "40, 16", "17, 100"})
  void layerNorms(int rows, int cols) {
    float[] dy = numbers(rows * cols);
    float[] x = numbers(rows * cols);
    float[] w = numbers(cols);
    for (boolean add : new boolean[] {false, true}) {
      same(
          (g, r) ->
              g.layerNorm(r.team, dy, x, rows, cols, w, 1e-2f, add, r.out[0], r.out[1], r.out[2]),
          numbers(rows * cols),
          numbers(cols),
          numbers(cols));
    }
    same(
        (g, r) -> g.layerNorm(r.team, dy, x, rows, cols, w, 1e-2f, false, null, null, r.out[0]),
        numbers(cols));
  }

  @Test
  void softcap() {
    float[] dy = numbers(77);
    float[] x = numbers(77);
    same((g, r) -> g.softcap(r.team, dy, x, 77, 0.9f, false, r.out[0]), numbers(77));
    same((g, r) -> g.softcap(r.team, dy, x, 77, 0.9f, true, r.out[0]), numbers(77));
  }

  @ParameterizedTest
  @EnumSource
  void gates(Op.Activation activation) {
    int n = 20_003;
    float[] dy = numbers(n);
    float[] gate = numbers(n);
    float[] up = numbers(n);
    for (int i = 0; i < 40; i++) gate[i] = i - 20;
    same(
        (g, r) -> g.gate(r.team, dy, gate, up, n, activation, false, r.out[0], true, r.out[1]),
        numbers(n),
        numbers(n));
    // In place: the gate's gradient over the gate, the other over the output's.
    float[] inPlaceGate = gate.clone();
    float[] inPlaceDy = dy.clone();
    try (GradKernels v = new VectorGradKernels()) {
      float[] dgate = numbers(n);
      float[] dup = numbers(n);
      v.gate(one, dy, gate, up, n, activation, false, dgate, false, dup);
      v.gate(one, inPlaceDy, inPlaceGate, up, n, activation, false, inPlaceGate, false, inPlaceDy);
      assertThat(inPlaceGate).isEqualTo(dgate);
      assertThat(inPlaceDy).isEqualTo(dup);
    }
  }

  @ParameterizedTest
  @EnumSource
  void activations(Op.Activation activation) {
    int n = 20_003;
    float[] dy = numbers(n);
    float[] x = numbers(n);
    same((g, r) -> g.activate(r.team, dy, x, n, activation, false, r.out[0]), numbers(n));
    same((g, r) -> g.activate(r.team, dy, x, n, activation, true, r.out[0]), numbers(n));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 3, 0", "4, 2, 8, 0", "6, 2, 48, 0.7", "2, 1, 80, 0"})
  void attentionToLaterPositions(int heads, int kvHeads, int headDim, float softcap) {
    attention(new AttentionShape(heads, kvHeads, headDim, 0.3f, 0, 0, softcap, false));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 3, 0, 0, 0",
    "4, 2, 8, 0, 0, 0",
    "6, 2, 48, 0, 0, 0.7",
    "2, 2, 64, 5, 0, 0",
    "4, 1, 17, 0, 7, 0",
    "2, 1, 80, 70, 100, 0.4"
  })
  void attention(int heads, int kvHeads, int headDim, int window, int chunk, float softcap) {
    attention(new AttentionShape(heads, kvHeads, headDim, 0.3f, window, chunk, softcap));
  }

  private void attention(AttentionShape shape) {
    int heads = shape.nHeads();
    int[] bounds = {0, 1, 131, 195, 260};
    int rows = 260;
    float[] q = numbers(rows * shape.qCols());
    float[] k = numbers(rows * shape.kvCols());
    float[] v = numbers(rows * shape.kvCols());
    float[] dy = numbers(rows * shape.qCols());
    same(
        (g, r) -> g.attend(r.team, shape, bounds, 4, q, k, v, r.out[0], r.out[1]),
        numbers(rows * shape.qCols()),
        numbers(rows * heads));
    float[] y = numbers(rows * shape.qCols());
    float[] lse = numbers(rows * heads);
    try (GradKernels s = new ScalarGradKernels()) {
      s.attend(one, shape, bounds, 4, q, k, v, y, lse);
    }
    same(
        (g, r) ->
            g.attention(
                r.team, shape, bounds, 4, dy, q, k, v, y, lse, r.out[0], r.out[1], r.out[2]),
        numbers(rows * shape.qCols()),
        numbers(rows * shape.kvCols()),
        numbers(rows * shape.kvCols()));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "20, 1000", "9, 33"})
  void crossEntropy(int rows, int vocab) {
    int[] targets = new int[rows + 2];
    float[] weights = new float[rows + 2];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = random.nextInt(vocab);
      weights[i] = i % 3 == 0 ? 0 : i - 2.5f;
    }
    float[] logits = numbers(rows * vocab);
    for (int i = 0; i < rows * vocab; i += 7) logits[i] *= 30;
    same(
        (g, r) -> g.crossEntropy(r.team, r.out[0], rows, vocab, targets, weights, r.out[1], 2),
        logits,
        numbers(rows + 2));
  }

  @Test
  void adamWAndSumOfSquares() {
    int n = 17_001;
    var step = new GradKernels.AdamStep(0.7, 3e-3, 0.9, 0.95, 1e-8, 0.1, 3);
    float[] squares = numbers(n);
    for (int i = 0; i < n; i++) squares[i] *= squares[i];
    same(
        (g, r) -> g.adamW(r.team, r.out[0], r.out[1], r.out[2], r.out[3], n, step),
        numbers(n),
        numbers(n),
        numbers(n),
        squares);
    float[] x = numbers(n);
    BiFunction<GradKernels, Team, Double> sum = (g, t) -> g.sumOfSquares(t, x, 5, n - 5);
    try (GradKernels s = new ScalarGradKernels();
        GradKernels v = new VectorGradKernels()) {
      double expected = sum.apply(s, one);
      assertThat(sum.apply(v, one) / expected).isBetween(1 - TOLERANCE, 1 + TOLERANCE);
      assertThat(sum.apply(v, three)).isEqualTo(sum.apply(v, one));
    }
  }
}
