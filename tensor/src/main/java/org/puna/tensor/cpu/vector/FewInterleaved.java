package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.cpu.Team;

/**
 * Products of few rows of activations with {@link Interleaved} weights, two groups of rows at a
 * time. Used again by every product, which so allocates nothing; one product at a time.
 */
final class FewInterleaved implements Team.Task {
  private static final int N = Interleaved.N;
  private static final float[] NONE = new float[0];

  private final Members<Scratch> members = new Members<>(Scratch::new);
  private float[] ordered = NONE;
  private float[] partSums = NONE;

  private @Nullable InterleavedCopy weights;
  private @Nullable InterleavedProduct loop;
  private float[] y = NONE;
  private float @Nullable [] bias;
  private int rows;

  /** Memory of one member of the team. */
  private static final class Scratch {
    final float[] sums = new float[2 * InterleavedProduct.MOST * N];
    float[] scales0 = NONE;
    float[] scales1 = NONE;
    float[] minima0 = NONE;
    float[] minima1 = NONE;

    /** Makes room for the scales of two groups, and for minima that are others. */
    void reserve(int size, boolean minima) {
      if (scales0.length < size) {
        scales0 = new float[size];
        scales1 = new float[size];
      }
      if (minima && minima0.length < size) {
        minima0 = new float[size];
        minima1 = new float[size];
      }
    }
  }

  /** Computes {@code y[rows, n] = x[rows, k] · wᵀ + bias}. */
  void multiply(
      Team team, InterleavedCopy w, float[] x, int rows, float @Nullable [] bias, float[] y) {
    members.reserve(team.size());
    InterleavedProduct kernel = w.layout().loop(InterleavedProduct.together(rows));
    prepare(w, x, rows, kernel.rows());
    weights = w;
    loop = kernel;
    this.rows = rows;
    this.bias = bias;
    this.y = y;
    team.run(w.pieces(), this);
    weights = null;
    loop = null;
    this.bias = null;
    this.y = NONE;
  }

  /** Orders the rows, {@code together} at a time; those that fill up the last ones are zero. */
  private void prepare(InterleavedCopy w, float[] x, int rows, int together) {
    int k = w.k();
    int parts = w.layout().parts(k);
    int padded = Math.ceilDiv(rows, together) * together;
    if (ordered.length < padded * k) ordered = new float[padded * k];
    if (partSums.length < padded * parts) partSums = new float[padded * parts];
    if (rows < padded) {
      int last = padded - together;
      Arrays.fill(ordered, last * k, padded * k, 0);
      Arrays.fill(partSums, last * parts, padded * parts, 0);
    }
    for (int r = 0; r < rows; r++) {
      int t = r % together;
      int first = r - t;
      w.layout().prepare(x, r * k, k, t, together, ordered, first * k, partSums, first * parts);
    }
  }

  @Override
  public void run(int piece, int member) {
    InterleavedCopy w = weights;
    InterleavedProduct kernel = loop;
    if (w == null || kernel == null) return;
    Scratch s = members.of(member);
    boolean own = w.layout().ownMinima();
    s.reserve(w.layout().parts(w.k()) * N, own);
    int groups = w.groups(piece);
    int apart = groups / 2;
    for (int i = 0; i < apart; i++) pair(w, kernel, s, own, piece, i, i + apart);
    if (groups % 2 > 0) pair(w, kernel, s, own, piece, groups - 1, groups - 1);
  }

  private void pair(
      InterleavedCopy w,
      InterleavedProduct kernel,
      Scratch s,
      boolean own,
      int piece,
      int first,
      int second) {
    Interleaved layout = w.layout();
    MemorySegment data = w.piece(piece);
    int k = w.k();
    int parts = layout.parts(k);
    long groupBytes = layout.groupBytes(k);
    long codes = layout.scaleBytes(k);
    float[] minima0 = own ? s.minima0 : s.scales0;
    float[] minima1 = own ? s.minima1 : s.scales1;
    layout.readScales(data, first * groupBytes, k, s.scales0, minima0);
    layout.readScales(data, second * groupBytes, k, s.scales1, minima1);
    int together = kernel.rows();
    for (int from = 0; from < rows; from += together) {
      for (int t = 0; t < together; t++) {
        int at = from * parts + t;
        Interleaved.due(minima0, parts, partSums, at, together, s.sums, t * N);
        Interleaved.due(minima1, parts, partSums, at, together, s.sums, (together + t) * N);
      }
      kernel.multiply(
          data,
          first * groupBytes + codes,
          second * groupBytes + codes,
          ordered,
          from * k,
          s.scales0,
          s.scales1,
          k,
          s.sums);
      int count = Math.min(together, rows - from);
      for (int t = 0; t < count; t++) {
        w.write(s.sums, t * N, piece, first, y, from + t, bias);
        w.write(s.sums, (together + t) * N, piece, second, y, from + t, bias);
      }
    }
  }
}
