package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.cpu.Team;

/**
 * Products of {@link Int8Activations} with {@link Interleaved} weights, two groups of rows at a
 * time. Rows of activations come in tiles, for which the codes of two groups are unpacked once, and
 * one by one where a tile would be half empty. Used again by every product, which so allocates
 * nothing; one product at a time.
 */
final class Int8Interleaved {
  private static final int N = Interleaved.N;
  private static final int TILE = Int8TileProduct.ROWS;

  /** Columns that are unpacked at a time: with two groups half of a first-level cache. */
  private static final int COLUMNS = 256;

  /** Words of unpacked codes of one group. */
  private static final int UNPACKED = COLUMNS / 2 * N;

  private static final float[] NONE = new float[0];

  private final Members<Scratch> members = new Members<>(Scratch::new);
  private final Int8Activations rounded = new Int8Activations();
  private final Team.Task rounding = this::round;
  private final Team.Task multiplying = this::multiply;

  private @Nullable InterleavedCopy weights;
  private float[] x = NONE;
  private float[] y = NONE;
  private float @Nullable [] bias;
  private int rows;

  /** Memory of one member of the team. */
  private static final class Scratch {
    final Int8Activations.Scratch rounding = new Int8Activations.Scratch();
    float[] sums = NONE;
    float[] scales0 = NONE;
    float[] scales1 = NONE;
    float[] minima0 = NONE;
    float[] minima1 = NONE;

    /** Codes of two groups, unpacked. */
    int[] codes = {};

    void reserve(Interleaved layout, int k, int tiled) {
      if (sums.length < Math.max(2, 2 * tiled) * N) sums = new float[Math.max(2, 2 * tiled) * N];
      int size = layout.parts(k) * N;
      if (scales0.length < size) {
        scales0 = new float[size];
        scales1 = new float[size];
      }
      if (layout.ownMinima() && minima0.length < size) {
        minima0 = new float[size];
        minima1 = new float[size];
      }
      if (tiled > 0 && codes.length == 0) codes = new int[2 * UNPACKED];
    }
  }

  /** Computes {@code y[rows, n] = x[rows, k] · wᵀ + bias}. */
  void multiply(
      Team team, InterleavedCopy w, float[] x, int rows, float @Nullable [] bias, float[] y) {
    members.reserve(team.size());
    rounded.reserve(w.layout(), w.k(), Math.ceilDiv(rows, TILE) * TILE);
    weights = w;
    this.x = x;
    this.rows = rows;
    this.bias = bias;
    this.y = y;
    if (rows <= TILE) round(0, 0);
    else team.run(Math.ceilDiv(rows, TILE), rounding);
    team.run(w.pieces(), multiplying);
    weights = null;
    this.x = NONE;
    this.bias = null;
    this.y = NONE;
  }

  /** Returns the rows in tiles, those that fill up the last one included. */
  private int tiled() {
    int whole = rows / TILE * TILE;
    return 2 * (rows - whole) > TILE ? whole + TILE : whole;
  }

  /** Rounds the rows of a tile, or the last ones that make none. */
  private void round(int piece, int member) {
    Scratch s = members.of(member);
    int row = piece * TILE;
    int count = Math.min(TILE, rows - row);
    if (row < tiled()) {
      rounded.round(x, row, count, TILE, s.rounding);
    } else {
      for (int r = row; r < row + count; r++) rounded.round(x, r, 1, 1, s.rounding);
    }
  }

  private void multiply(int piece, int member) {
    InterleavedCopy w = weights;
    if (w == null) return;
    Scratch s = members.of(member);
    int tiled = tiled();
    s.reserve(w.layout(), w.k(), tiled);
    int groups = w.groups(piece);
    int apart = groups / 2;
    for (int i = 0; i < apart; i++) pair(w, s, tiled, piece, i, i + apart);
    if (groups % 2 > 0) pair(w, s, tiled, piece, groups - 1, groups - 1);
  }

  private void pair(InterleavedCopy w, Scratch s, int tiled, int piece, int first, int second) {
    Interleaved layout = w.layout();
    MemorySegment data = w.piece(piece);
    int k = w.k();
    long group0 = first * layout.groupBytes(k);
    long group1 = second * layout.groupBytes(k);
    layout.readScales(data, group0, k, s.scales0, s.minima0);
    layout.readScales(data, group1, k, s.scales1, s.minima1);
    long codes0 = group0 + layout.scaleBytes(k);
    long codes1 = group1 + layout.scaleBytes(k);
    if (tiled > 0) tiles(layout, s, tiled, data, codes0, codes1, k);
    for (int row = 0; row < tiled; row += TILE) {
      int count = Math.min(TILE, rows - row);
      for (int t = 0; t < count; t++) {
        int at = (2 * row + t) * N;
        w.write(s.sums, at, piece, first, y, row + t, bias);
        w.write(s.sums, at + TILE * N, piece, second, y, row + t, bias);
      }
    }
    for (int row = tiled; row < rows; row++) {
      begin(layout, s, row, 1, k, 0);
      layout
          .int8Row()
          .multiply(
              data,
              codes0,
              codes1,
              rounded.pairs(),
              rounded.pairsAt(row),
              rounded.factors(),
              rounded.partsAt(row),
              s.scales0,
              s.scales1,
              k,
              s.sums);
      w.write(s.sums, 0, piece, first, y, row, bias);
      w.write(s.sums, N, piece, second, y, row, bias);
    }
  }

  /** Multiplies all tiles with some columns of two groups, then with the next columns. */
  private void tiles(
      Interleaved layout,
      Scratch s,
      int tiled,
      MemorySegment data,
      long codes0,
      long codes1,
      int k) {
    for (int row = 0; row < tiled; row += TILE) begin(layout, s, row, TILE, k, 2 * row * N);
    int columns;
    for (int column = 0; column < k; column += columns) {
      columns = Math.min(COLUMNS, k - column);
      long skipped = layout.codeBytes(column);
      layout.unpack(data, codes0 + skipped, columns, s.codes, 0);
      layout.unpack(data, codes1 + skipped, columns, s.codes, UNPACKED);
      int part = layout.parts(column);
      for (int row = 0; row < tiled; row += TILE) {
        layout
            .int8Tile()
            .multiply(
                s.codes,
                UNPACKED,
                rounded.pairs(),
                rounded.pairsAt(row) + column / 2 * TILE,
                rounded.pairsAt(row) + (k / 2 + part) * TILE,
                rounded.factors(),
                rounded.partsAt(row) + part * TILE,
                s.scales0,
                s.scales1,
                part,
                layout.parts(columns),
                s.sums,
                2 * row * N);
      }
    }
  }

  /** Sets the sums of a tile, or of one row, to what is due to minima of codes. */
  private void begin(Interleaved layout, Scratch s, int row, int tile, int k, int sumsAt) {
    if (!layout.ownMinima()) {
      Arrays.fill(s.sums, sumsAt, sumsAt + 2 * tile * N, 0);
      return;
    }
    int parts = layout.parts(k);
    for (int t = 0; t < tile; t++) {
      int at = rounded.partsAt(row) + t;
      int to = sumsAt + t * N;
      Interleaved.due(s.minima0, parts, rounded.sums(), at, tile, s.sums, to);
      Interleaved.due(s.minima1, parts, rounded.sums(), at, tile, s.sums, to + tile * N);
    }
  }
}
