package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.Op;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * The vector kernels against their scalar twins, with guards around every output. A class without
 * test annotations, so that {@link #main} can run all of it on another Java with shorter vectors.
 */
final class KernelChecks {
  /** Two roundings each of k products and sums, with a margin for orders of summation. */
  static final float DOT_TOLERANCE = 4 * Math.ulp(1f);

  /** Element-wise functions: a few units in the last place. */
  private static final float ELEMENT_TOLERANCE = 8 * Math.ulp(1f);

  static final float GUARD = 7777.5f;
  static final int PAD = 37;

  final Kernels scalar = new ScalarKernels();
  private final Kernels vector = new VectorKernels();
  final Team team = new Team(2);
  private final Random random = new Random(11);

  /** Runs every check on this machine's vectors and prints their length. */
  public static void main(String[] args) {
    KernelChecks checks = new KernelChecks();
    checks.decodesTheScalarBits();
    checks.linear();
    checks.interleaved();
    new Int8Checks(checks).all();
    checks.specialScales();
    checks.powers();
    checks.repeats();
    checks.norms();
    checks.elements();
    new FunctionChecks().all();
    checks.rope();
    checks.attention();
    checks.team.close();
    System.out.println("checked " + checks.vector.describe());
  }

  /** Vector decoding is the format's own decoding bit for bit, NaN and infinite scales included. */
  void decodesTheScalarBits() {
    for (BlockFormat f : BlockFormats.all()) {
      int n = f.blockElements() == 1 ? 1003 : 7 * f.blockElements();
      int offset = 3;
      byte[] bytes = new byte[offset + (int) f.bytes(n)];
      for (int round = 0; round < 4; round++) {
        random.nextBytes(bytes);
        float[] expected = new float[n];
        f.decode(MemorySegment.ofArray(bytes), offset, expected, 0, n);
        float[] actual = guarded(n);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment s = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
          StoredRows rows = Products.stored(f);
          RowScratch scales = new RowScratch();
          rows.readScales(s, offset, n, scales);
          rows.decode(s, offset, actual, PAD, n, scales);
        }
        for (int i = 0; i < n; i++) {
          int e = Float.floatToIntBits(expected[i]);
          if (Float.floatToIntBits(actual[PAD + i]) == e) continue;
          assertThat(actual[PAD + i]).as("%s %d", f, i).isEqualTo(expected[i]);
        }
        guards(actual, n, f.name());
      }
    }
  }

  /** Products of every format over odd numbers of rows and columns, weights in both memories. */
  void linear() {
    for (BlockFormat f : BlockFormats.all()) {
      if (!f.canEncode()) continue;
      int block = f.blockElements();
      // Kernels that take several blocks at a time have some left of 160 numbers.
      int[] widths =
          block == 1 ? new int[] {1, 515} : block == 32 ? new int[] {160, 768} : new int[] {768};
      for (int k : widths) {
        Tensor heap = weights(f, 67, k);
        try (Arena arena = Arena.ofShared()) {
          MemorySegment copy = arena.allocate(heap.data().byteSize(), 1).copyFrom(heap.data());
          Tensor mapped = new Tensor(f, heap.shape(), copy);
          for (int rows : new int[] {1, 2, 3, 6, 13, Products.FEW + 5}) {
            for (int n : new int[] {5, 67}) {
              linear((n + rows) % 2 == 0 ? heap.rows(0, n) : mapped.rows(0, n), rows);
            }
          }
        }
      }
    }
    linear(weights(BlockFormats.Q8_0, 130, 96), 490);
  }

  /**
   * Products with interleaved copies, of rows that fill no group and no pair of groups, and after
   * the copies are gone.
   */
  void interleaved() {
    for (String name : List.of("Q4_0", "Q4_K", "Q6_K")) {
      BlockFormat f = BlockFormats.byName(name).orElseThrow();
      int k = f.blockElements() == 32 ? 160 : 768;
      for (int n : new int[] {5, 16, 67, 131}) {
        try (Arena arena = Arena.ofShared()) {
          Tensor heap = weights(f, n, k);
          MemorySegment copy = arena.allocate(heap.data().byteSize(), 1).copyFrom(heap.data());
          Tensor mapped = new Tensor(f, heap.shape(), copy);
          try (Repacked copies = vector.repack(List.of(mapped, mapped), 0)) {
            long groups = Math.ceilDiv(n, Lanes.N);
            if (Interleaved.of(f, false) == null) assertThat(copies.bytes()).isZero();
            else assertThat(copies.bytes()).isGreaterThanOrEqualTo(groups * Lanes.N * f.bytes(k));
            for (int rows : new int[] {1, 2, 3, 4, 6, 8, 13, Products.FEW}) linear(mapped, rows);
          }
          linear(mapped, 1);
        }
      }
    }
  }

  /**
   * Powers of two and their sum, from the largest number down to where no normal number is left.
   */
  void powers() {
    int n = 64 * Lanes.N;
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = -126f * i / n;
    float[] y = x.clone();
    float sum = VectorMath.powerSum(y, 0, n, 0, new float[Lanes.N]);
    double expected = 0;
    for (int i = 0; i < n; i++) {
      double power = Math.pow(2, x[i]);
      expected += power;
      assertThat((double) y[i]).as("2^%s", x[i]).isCloseTo(power, within(Math.ulp((float) power)));
    }
    assertThat((double) sum).isCloseTo(expected, within(expected * ELEMENT_TOLERANCE));
    y = new float[Lanes.N];
    Arrays.fill(y, Float.NaN);
    VectorMath.powerSum(y, 0, y.length, 0, new float[Lanes.N]);
    assertThat(y).containsOnly(Float.NaN);
  }

  /** A scale that is infinite or NaN reaches the result, in few rows and in many. */
  void specialScales() {
    BlockFormat f = BlockFormats.byName("Q4_0").orElseThrow();
    for (short half : new short[] {0x7c00, (short) 0xfc00, 0x7e00, 0x7bff, 0x0001}) {
      Tensor w = weights(f, 5, 256);
      float scale = Float.float16ToFloat(half);
      w.data().set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 18, half);
      specialScale(w, scale);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment copy = arena.allocate(w.data().byteSize(), 1).copyFrom(w.data());
        Tensor mapped = new Tensor(f, w.shape(), copy);
        // With an interleaved copy, or without one where its loops do not know the scale.
        try (Repacked _ = vector.repack(List.of(mapped), 0)) {
          specialScale(mapped, scale);
        }
      }
    }
  }

  private void specialScale(Tensor w, float scale) {
    for (int rows : new int[] {1, 2, Products.FEW + 1}) {
      float[] x = new float[rows * 256];
      Arrays.fill(x, 1);
      float[] expected = new float[rows * 5];
      float[] actual = new float[rows * 5];
      scalar.linear(team, x, rows, w, null, expected);
      vector.linear(team, x, rows, w, null, actual);
      if (Float.isFinite(scale)) {
        assertThat((double) actual[0])
            .as("scale %s", scale)
            .isCloseTo(expected[0], within(1e-4 * (1 + Math.abs(expected[0]))));
      } else {
        assertThat(Float.isFinite(actual[0])).as("scale %s, %d rows", scale, rows).isFalse();
      }
    }
  }

  /** Interpreted and compiled code agree in the last bit, so that a run can be repeated. */
  void repeats() {
    for (String name : new String[] {"F32", "Q8_0", "Q4_0", "Q4_K", "Q6_K"}) {
      Tensor w = weights(BlockFormats.byName(name).orElseThrow(), 5, 512);
      for (int rows : new int[] {1, 2}) {
        float[] x = normal(rows * 512, 0);
        float[] first = new float[rows * 5];
        vector.linear(team, x, rows, w, null, first);
        for (int i = 0; i < 3000; i++) {
          float[] again = new float[rows * 5];
          vector.linear(team, x, rows, w, null, again);
          if (!Arrays.equals(again, first)) {
            assertThat(again).as("%s, %d rows, run %d", name, rows, i).isEqualTo(first);
          }
        }
      }
    }
  }

  Tensor weights(BlockFormat f, int n, int k) {
    MemorySegment data = MemorySegment.ofArray(new byte[(int) f.bytes((long) n * k)]);
    f.encode(normal(n * k, 0), 0, n * k, data, 0);
    return new Tensor(f, new long[] {n, k}, data);
  }

  private void linear(Tensor w, int rows) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    float[] x = normal(rows * k, PAD);
    float[] bias = rows % 3 == 0 ? normal(n, 0) : null;
    float[] decoded = w.toFloats();
    float[] expected = new float[rows * n];
    scalar.linear(team, x, rows, w, bias, expected);
    float[] actual = new float[rows * n + PAD];
    Arrays.fill(actual, GUARD);
    vector.linear(team, x, rows, w, bias, actual);
    double[] norms = new double[n];
    for (int j = 0; j < n; j++) norms[j] = norm(decoded, j * k, k);
    for (int t = 0; t < rows; t++) {
      double size = norm(x, t * k, k);
      for (int j = 0; j < n; j++) {
        double limit = DOT_TOLERANCE * Math.sqrt(k) * (size * norms[j] + 1);
        if (Math.abs(actual[t * n + j] - expected[t * n + j]) <= limit) continue;
        assertThat((double) actual[t * n + j])
            .as("%s, %d rows, at %d,%d", w, rows, t, j)
            .isCloseTo(expected[t * n + j], within(limit));
      }
    }
    for (int i = rows * n; i < actual.length; i++) assertThat(actual[i]).isEqualTo(GUARD);
  }

  void norms() {
    for (int group : new int[] {1, 7, 64, 515}) {
      for (int groups : new int[] {1, 3, 50}) {
        float[] x = normal(group * groups, PAD);
        float[] weight = group % 2 == 0 ? null : normal(group, 0);
        float[] expected = x.clone();
        scalar.rmsNorm(team, x, groups, group, weight, 1e-5f, expected);
        float[] actual = x.clone();
        vector.rmsNorm(team, actual, groups, group, weight, 1e-5f, actual);
        close(actual, expected, DOT_TOLERANCE * (float) Math.sqrt(group) + ELEMENT_TOLERANCE);
      }
    }
    for (int cols : new int[] {1, 7, 64, 515}) {
      for (int rows : new int[] {1, 3, 50}) {
        float[] x = normal(cols * rows, PAD);
        float[] weight = normal(cols, 0);
        float[] bias = normal(cols, 0);
        float[] expected = x.clone();
        scalar.layerNorm(team, x, rows, cols, weight, bias, 1e-5f, expected);
        float[] actual = x.clone();
        vector.layerNorm(team, actual, rows, cols, weight, bias, 1e-5f, actual);
        close(actual, expected, 4 * DOT_TOLERANCE * (float) Math.sqrt(cols) + ELEMENT_TOLERANCE);
      }
    }
  }

  void elements() {
    for (int n : new int[] {0, 1, 15, 64, 40_003}) {
      float[] a = normal(n, PAD);
      float[] b = normal(n, PAD);
      float[] expected = a.clone();
      float[] actual = a.clone();
      scalar.add(team, a, b, n, expected);
      vector.add(team, actual, b, n, actual);
      assertThat(actual).isEqualTo(expected);
      scalar.scale(team, a, n, 1.7f, expected);
      actual = a.clone();
      vector.scale(team, actual, n, 1.7f, actual);
      assertThat(actual).isEqualTo(expected);
      for (Op.Activation activation : Op.Activation.values()) {
        float[] gate = a.clone();
        for (int i = 0; i < n; i++) gate[i] *= 5;
        expected = gate.clone();
        scalar.gate(team, gate, b, n, activation, expected);
        vector.gate(team, gate, b, n, activation, gate);
        close(gate, expected, ELEMENT_TOLERANCE);
        float[] x = a.clone();
        for (int i = 0; i < n; i++) x[i] *= 5;
        expected = x.clone();
        scalar.activate(team, x, n, activation, expected);
        vector.activate(team, x, n, activation, x);
        close(x, expected, ELEMENT_TOLERANCE);
      }
      float[] logits = a.clone();
      for (int i = 0; i < n; i++) logits[i] *= 40;
      expected = logits.clone();
      scalar.softcap(team, logits, n, 30, expected);
      vector.softcap(team, logits, n, 30, logits);
      close(logits, expected, ELEMENT_TOLERANCE);
    }
  }

  void rope() {
    for (int headDim : new int[] {2, 24, 64, 128}) {
      for (int pairs : new int[] {headDim / 2, headDim / 4}) {
        for (boolean interleaved : new boolean[] {false, true}) {
          int rows = 5;
          int heads = 3;
          float[] x = normal(rows * heads * headDim, PAD);
          float[] cos = normal(rows * pairs, 0);
          float[] sin = normal(rows * pairs, 0);
          float[] expected = x.clone();
          scalar.rope(team, x, rows, heads, headDim, cos, sin, pairs, interleaved, expected);
          float[] apart = x.clone();
          vector.rope(team, x, rows, heads, headDim, cos, sin, pairs, interleaved, apart);
          vector.rope(team, x, rows, heads, headDim, cos, sin, pairs, interleaved, x);
          assertThat(apart).isEqualTo(expected);
          assertThat(x).isEqualTo(expected);
        }
      }
    }
  }

  /** Attention over pages in disorder: many rows, one row, windows, chunks, soft caps. */
  void attention() {
    List<AttentionShape> shapes =
        List.of(
            new AttentionShape(4, 4, 16, 0.25f, 0, 0, 0),
            new AttentionShape(8, 2, 64, 0.125f, 0, 0, 0),
            new AttentionShape(5, 1, 32, 0.18f, 0, 0, 0),
            new AttentionShape(6, 2, 80, 0.1f, 19, 0, 0),
            new AttentionShape(4, 1, 128, 0.09f, 0, 24, 0),
            new AttentionShape(3, 1, 33, 0.2f, 0, 0, 5),
            new AttentionShape(2, 2, 192, 0.07f, 7, 0, 30));
    for (AttentionShape shape : shapes) {
      for (int pageTokens : new int[] {32, 16, 7}) {
        attention(shape, pageTokens, new int[] {70, 1}, new int[] {0, 63});
        attention(shape, pageTokens, new int[] {1}, new int[] {0});
        attention(shape, pageTokens, new int[] {3, 40, 1}, new int[] {100, 5, 90});
        attention(shape, pageTokens, new int[] {150}, new int[] {33});
      }
    }
    for (AttentionShape shape :
        List.of(
            new AttentionShape(4, 4, 16, 0.25f, 0, 0, 0, false),
            new AttentionShape(6, 2, 33, 0.2f, 0, 0, 5, false))) {
      for (int pageTokens : new int[] {32, 16, 7}) {
        attention(shape, pageTokens, new int[] {70, 1, 5, 130}, new int[] {0, 0, 0, 0});
      }
    }
  }

  private void attention(AttentionShape shape, int pageTokens, int[] rows, int[] first) {
    int tokens = Arrays.stream(rows).sum();
    Batch batch = new Batch(tokens, 1);
    int pages = 0;
    for (int p = 0; p < rows.length; p++) {
      int count = (first[p] + rows[p] + pageTokens - 1) / pageTokens;
      int[] table = new int[count];
      for (int i = 0; i < count; i++) table[i] = pages + count - 1 - i;
      pages += count;
      batch.add(new int[rows[p]], 0, rows[p], first[p], table, 0);
    }
    for (KvType type : KvType.values()) {
      if (!type.fits(shape.headDim())) continue;
      KvPages keys = KvPages.ofKeys(type, pages, pageTokens, shape.nKvHeads(), shape.headDim());
      fill(keys, pages, shape);
      KvPages values = new KvPages(type, pages, pageTokens, shape.nKvHeads(), shape.headDim());
      fill(values, pages, shape);
      attention(shape, batch, keys, values);
    }
  }

  private void fill(KvPages cached, int pages, AttentionShape shape) {
    int tokens = cached.pageTokens();
    for (int i = 0; i < pages; i++) {
      cached.write(i, 0, tokens, normal(tokens * shape.kvCols(), 0), 0);
    }
  }

  private void attention(AttentionShape shape, Batch batch, KvPages keys, KvPages values) {
    int tokens = batch.tokens();
    float[] q = normal(tokens * shape.qCols(), PAD);
    float[] expected = new float[tokens * shape.qCols() + PAD];
    float[] actual = new float[tokens * shape.qCols() + PAD];
    Arrays.fill(expected, GUARD);
    Arrays.fill(actual, GUARD);
    scalar.attention(team, shape, batch, q, keys, values, expected);
    vector.attention(team, shape, batch, q, keys, values, actual);
    // Scores of size headDim · scale carry their rounding through the exponential.
    close(actual, expected, DOT_TOLERANCE * shape.headDim());
  }

  private void close(float[] actual, float[] expected, float tolerance) {
    assertThat(actual.length).isEqualTo(expected.length);
    for (int i = 0; i < actual.length; i++) {
      double limit = tolerance * Math.max(1, Math.abs(expected[i]));
      if (Math.abs(actual[i] - expected[i]) <= limit) continue;
      assertThat((double) actual[i]).as("%d", i).isCloseTo(expected[i], within(limit));
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double d) {
    return org.assertj.core.api.Assertions.within(d);
  }

  static double norm(float[] x, int at, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[at + i] * (double) x[at + i];
    return Math.sqrt(sum);
  }

  /** Random numbers and a guard after them. */
  float[] normal(int n, int pad) {
    float[] x = new float[n + pad];
    for (int i = 0; i < n; i++) x[i] = (float) random.nextGaussian();
    Arrays.fill(x, n, n + pad, GUARD);
    return x;
  }

  private static float[] guarded(int n) {
    float[] x = new float[PAD + n + PAD];
    Arrays.fill(x, GUARD);
    return x;
  }

  private static void guards(float[] x, int n, String name) {
    for (int i = 0; i < PAD; i++) {
      assertThat(x[i]).as(name).isEqualTo(GUARD);
      assertThat(x[PAD + n + i]).as(name).isEqualTo(GUARD);
    }
  }
}
