package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;

/** A weight once more, {@link Interleaved}, in pieces of some groups of rows. */
final class InterleavedCopy implements AutoCloseable {
  /** Bytes of one piece of work. */
  private static final long PIECE_BYTES = 2 << 20;

  private final Interleaved layout;
  private final int n;
  private final int k;
  private final int groups;
  private final int step;
  private final MemorySegment[] pieces;
  private final Arena arena = Arena.ofShared();

  private InterleavedCopy(Interleaved layout, Tensor w, int team) {
    this.layout = layout;
    n = Math.toIntExact(w.dim(0));
    k = w.rowElements();
    groups = Math.ceilDiv(n, Interleaved.N);
    // Loops take two groups at a time.
    long pairs = PIECE_BYTES / (2 * layout.groupBytes(k));
    step = 2 * Math.clamp(pairs, 1, Math.max(1, groups / (8 * team)));
    pieces = new MemorySegment[Math.ceilDiv(groups, step)];
  }

  /** Returns the bytes that a copy of {@code w} takes. */
  static long bytes(Interleaved layout, Tensor w) {
    return Math.ceilDiv(w.dim(0), Interleaved.N) * layout.groupBytes(w.rowElements());
  }

  /**
   * Copies a weight.
   *
   * @param w native memory
   * @return null if it cannot be copied: there is no memory, or a scale is infinite or NaN
   */
  static @Nullable InterleavedCopy of(Interleaved layout, Tensor w, Team team) {
    InterleavedCopy copy = new InterleavedCopy(layout, w, team.size());
    AtomicBoolean whole = new AtomicBoolean(true);
    team.run(
        copy.pieces.length,
        (piece, _) -> {
          if (whole.get() && !copy.pack(w, piece)) whole.set(false);
        });
    if (whole.get()) return copy;
    copy.close();
    return null;
  }

  private boolean pack(Tensor w, int piece) {
    MemorySegment to;
    long groupBytes = layout.groupBytes(k);
    try {
      to = arena.allocate(groups(piece) * groupBytes, 64);
    } catch (OutOfMemoryError e) {
      return false;
    }
    pieces[piece] = to;
    for (int g = 0; g < groups(piece); g++) {
      int row = row(piece, g);
      int rows = Math.min(Interleaved.N, n - row);
      if (!layout.pack(w.data(), row * w.rowBytes(), rows, k, to, g * groupBytes)) return false;
    }
    return true;
  }

  Interleaved layout() {
    return layout;
  }

  /** Returns the rows of the weight. */
  int n() {
    return n;
  }

  /** Returns the numbers of a row. */
  int k() {
    return k;
  }

  /** Returns the number of pieces. */
  int pieces() {
    return pieces.length;
  }

  /** Returns the groups of a piece, one after the other. */
  MemorySegment piece(int piece) {
    return pieces[piece];
  }

  /** Returns how many groups a piece has. */
  int groups(int piece) {
    return Math.min(step, groups - piece * step);
  }

  /** Returns the first row of a group of a piece. */
  int row(int piece, int group) {
    return (piece * step + group) * Interleaved.N;
  }

  /**
   * Writes the sums of a group of rows.
   *
   * @param sums [lanes] from index {@code at}
   * @param y receives them in its row {@code of}, with the bias
   */
  void write(
      float[] sums, int at, int piece, int group, float[] y, int of, float @Nullable [] bias) {
    int row = row(piece, group);
    int count = Math.min(Interleaved.N, n - row);
    int to = of * n + row;
    System.arraycopy(sums, at, y, to, count);
    if (bias != null) for (int i = 0; i < count; i++) y[to + i] += bias[row + i];
  }

  @Override
  public void close() {
    arena.close();
  }
}
