package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormat;

/**
 * Products of activations with stored weights. A few rows go straight over the stored blocks, as
 * fast as memory delivers them; many rows decode the weights, {@link Tile#WIDTH} rows at a time,
 * into packed columns and multiply tile by tile.
 */
final class Products implements AutoCloseable {
  /** Rows up to which reading the weights costs more than multiplying. */
  static final int FEW = 8;

  /** Bytes of weights in one piece of work of a product with few rows. */
  private static final long PIECE_BYTES = 512 << 10;

  /** Numbers of a row that are packed at a time: packed columns stay in the second-level cache. */
  private static final int DEPTH = 512;

  /** Rows that are packed at a time, a multiple of the tile. */
  private static final int BLOCK_ROWS = 768;

  /**
   * Distance of decoded and of packed rows: not a power of two, which would share few lines of the
   * cache.
   */
  private static final int STEP = DEPTH + 16;

  private static final int WIDTH = Tile.WIDTH;
  private static final int ROWS = Tile.ROWS;

  private static final float[] NONE = new float[0];

  private final Arena arena = Arena.ofShared();

  // Used again by every product of few rows, which so allocates nothing.
  private final Few few = new Few();

  private final Map<BlockFormat, StoredRows> rowsOf = new HashMap<>();
  private Scratch[] members = new Scratch[0];
  private float[] packed = new float[0];
  private float[] prepared = new float[0];

  /** Memory of one member of the team. */
  private static final class Scratch {
    final float[] lanes = new float[StoredRows.MAX_ROWS * Lanes.N];
    final Scales[] scales = new Scales[StoredRows.MAX_ROWS];
    float[] decoded = new float[0];
    float[] columns = new float[0];
    final float[] tile = new float[ROWS * WIDTH];
    final float[] square = new float[256];
    final float[] rows = new float[Quad.ROWS * STEP];
    final float[][] sums = new float[(FEW + Quad.ROWS - 1) / Quad.ROWS][Quad.SUMS];
    MemorySegment bytes = MemorySegment.NULL;

    Scratch() {
      Arrays.setAll(scales, _ -> new Scales());
    }

    void many() {
      if (decoded.length > 0) return;
      decoded = new float[WIDTH * STEP];
      columns = new float[WIDTH * DEPTH];
    }
  }

  void linear(Team team, float[] x, int rows, Tensor w, float @Nullable [] bias, float[] y) {
    grow(team.size());
    StoredRows stored = rowsOf.computeIfAbsent(w.format(), f -> new CompiledAlone(stored(f)));
    if (rows <= FEW) few(team, stored, x, rows, w, bias, y);
    else many(team, stored, x, rows, w, bias, y);
  }

  /** Returns the way to read rows of a format. */
  static StoredRows stored(BlockFormat format) {
    return switch (format.name()) {
      case "F32" -> new F32Rows();
      case "F16" -> new F16Rows();
      case "BF16" -> new BF16Rows();
      case "Q8_0" -> new Q8Rows();
      case "Q4_0" -> new Q4Rows();
      case "Q4_K" -> new Q4KRows();
      case "Q5_K" -> new Q5KRows();
      case "Q6_K" -> new Q6KRows();
      default -> new OtherRows(format);
    };
  }

  private void grow(int size) {
    if (members.length >= size) return;
    int from = members.length;
    members = Arrays.copyOf(members, size);
    for (int i = from; i < size; i++) members[i] = new Scratch();
  }

  /**
   * Returns rows {@code from} to {@code to} as native memory: a copy at offset 0 where they lie in
   * an array, else all of the weights, so that the hot loops only ever see one kind of segment.
   */
  private MemorySegment nativeRows(Scratch s, Tensor w, long from, long to) {
    if (w.data().isNative()) return w.data();
    long at = from * w.rowBytes();
    long size = to * w.rowBytes() - at;
    if (s.bytes.byteSize() < size) s.bytes = arena.allocate(size, 64);
    MemorySegment.copy(w.data(), at, s.bytes, 0, size);
    return s.bytes;
  }

  /** Returns where row {@code from} starts in what {@link #nativeRows} returned. */
  private static long start(Tensor w, long from) {
    return w.data().isNative() ? from * w.rowBytes() : 0;
  }

  private void few(
      Team team,
      StoredRows stored,
      float[] x,
      int rows,
      Tensor w,
      float @Nullable [] bias,
      float[] y) {
    if (rows == 1) {
      int size = stored.prepared(w.rowElements());
      if (prepared.length < size) prepared = new float[size];
      stored.prepare(x, w.rowElements(), prepared);
    }
    float[] read = x;
    if (rows > 1) {
      int k = w.rowElements();
      int size = Math.ceilDiv(k, DEPTH) * rows * STEP;
      if (packed.length < size) packed = new float[size];
      for (int r = 0; r < rows; r++) pack(x, r * k, k, r, rows);
      read = packed;
    }
    int n = Math.toIntExact(w.dim(0));
    int step = Math.clamp(PIECE_BYTES / w.rowBytes(), 1, Math.max(1, n / (4 * team.size())));
    step = Math.ceilDiv(step, stored.rows()) * stored.rows();
    few.set(stored, read, rows, w, bias, y, step);
    team.run((n + step - 1) / step, few);
    few.forget();
  }

  /** A product with few rows of activations, in pieces of some rows of weights. */
  private final class Few implements Team.Task {
    private @Nullable StoredRows stored;
    private @Nullable Tensor w;
    private float[] x = NONE;
    private float[] y = NONE;
    private float @Nullable [] bias;
    private int rows;
    private int step;

    void set(
        StoredRows stored,
        float[] x,
        int rows,
        Tensor w,
        float @Nullable [] bias,
        float[] y,
        int step) {
      this.stored = stored;
      this.x = x;
      this.rows = rows;
      this.w = w;
      this.bias = bias;
      this.y = y;
      this.step = step;
    }

    /** Lets go of weights that may be closed. */
    void forget() {
      stored = null;
      w = null;
      bias = null;
      x = NONE;
      y = NONE;
    }

    @Override
    public void run(int piece, int member) {
      StoredRows format = stored;
      Tensor weights = w;
      if (format == null || weights == null) return;
      few(format, members[member], weights, piece * step, step, x, rows, bias, y);
    }
  }

  private void few(
      StoredRows stored,
      Scratch s,
      Tensor w,
      int from,
      int step,
      float[] x,
      int rows,
      float @Nullable [] bias,
      float[] y) {
    long rowBytes = w.rowBytes();
    int to = Math.min((int) w.dim(0), from + step);
    MemorySegment data = nativeRows(s, w, from, to);
    long start = start(w, from);
    if (rows == 1) {
      int count = to - from;
      int together = stored.rows();
      int apart = count / together;
      for (int i = 0; i < apart; i++) rows(stored, s, data, start, i, apart, w, x, y, from);
      // The last rows: with some before them once more, or each of too few several times.
      int rest = count % together;
      if (apart > 0) {
        if (rest > 0) rows(stored, s, data, start, count - together, 1, w, x, y, from);
      } else {
        for (int i = 0; i < rest; i++) rows(stored, s, data, start, i, 0, w, x, y, from);
      }
      if (bias != null) for (int j = from; j < to; j++) y[j] += bias[j];
      return;
    }
    for (int j = from; j < to; j += Quad.ROWS) {
      long at = start + (j - from) * rowBytes;
      quad(stored, s, data, at, Math.min(Quad.ROWS, to - j), w, x, rows, bias, y, j);
    }
  }

  /** Multiplies rows of a piece that starts at row {@code from}, each {@code apart} rows on. */
  private void rows(
      StoredRows stored,
      Scratch s,
      MemorySegment data,
      long start,
      int first,
      int apart,
      Tensor w,
      float[] x,
      float[] y,
      int from) {
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    long at = start + first * rowBytes;
    long distance = apart * rowBytes;
    int together = stored.rows();
    for (int r = 0; r < together; r++) {
      stored.readScales(data, at + r * distance, k, s.scales[r]);
      stored.start(prepared, k, s.scales[r], s.lanes, r * Lanes.N);
    }
    stored.dots(data, at, distance, x, prepared, k, s.scales, s.lanes);
    for (int r = 0; r < together; r++) {
      y[from + first + r * apart] = LaneSum.of(s.lanes, r * Lanes.N);
    }
  }

  /** Multiplies up to four rows of weights, decoded once, with all rows of {@code x}. */
  private static void quad(
      StoredRows stored,
      Scratch s,
      MemorySegment data,
      long at,
      int count,
      Tensor w,
      float[] x,
      int rows,
      float @Nullable [] bias,
      float[] y,
      int j) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    for (int t = 0; t < rows; t += Quad.ROWS) Arrays.fill(s.sums[t / Quad.ROWS], 0);
    for (int i = 0; i < k; i += DEPTH) {
      int depth = Math.min(DEPTH, k - i);
      int whole = depth - depth % Lanes.N;
      for (int r = 0; r < count; r++) {
        long from = at + r * rowBytes + w.format().bytes(i);
        stored.readScales(data, from, depth, s.scales[0]);
        stored.decode(data, from, s.rows, r * STEP, depth, s.scales[0]);
      }
      for (int t = 0; t < rows; t += Quad.ROWS) {
        float[] sums = s.sums[t / Quad.ROWS];
        int last = rows - 1;
        int first = i / DEPTH * rows;
        int x0 = (first + t) * STEP;
        int x1 = (first + Math.min(t + 1, last)) * STEP;
        int x2 = (first + Math.min(t + 2, last)) * STEP;
        int x3 = (first + Math.min(t + 3, last)) * STEP;
        Quad.add(s.rows, STEP, x, x0, x1, x2, x3, whole, sums);
        if (whole < depth) rest(s.rows, count, whole, depth, x, x0, rows - t, sums);
      }
    }
    for (int t = 0; t < rows; t++) {
      for (int r = 0; r < count; r++) {
        float dot = Quad.total(s.sums[t / Quad.ROWS], r, t % Quad.ROWS);
        y[t * n + j + r] = bias == null ? dot : dot + bias[j + r];
      }
    }
  }

  /** Adds the products of the numbers that fill no vector to the first lane of the sums. */
  private static void rest(
      float[] w, int count, int from, int to, float[] x, int x0, int rows, float[] sums) {
    for (int r = 0; r < count; r++) {
      for (int t = 0; t < Math.min(rows, Quad.ROWS); t++) {
        int sum = (r * Quad.ROWS + t) * Lanes.N;
        for (int i = from; i < to; i++) {
          sums[sum] = Math.fma(w[r * STEP + i], x[x0 + t * STEP + i], sums[sum]);
        }
      }
    }
  }

  private void many(
      Team team,
      StoredRows stored,
      float[] x,
      int rows,
      Tensor w,
      float @Nullable [] bias,
      float[] y) {
    int n = Math.toIntExact(w.dim(0));
    int k = w.rowElements();
    // Blocks of equal size: the weights are decoded once for each.
    int blocks = Math.ceilDiv(rows, BLOCK_ROWS);
    int step = Math.ceilDiv(Math.ceilDiv(rows, blocks), ROWS) * ROWS;
    for (int from = 0; from < rows; from += step) {
      int first = from;
      int count = Math.min(step, rows - from);
      int padded = Math.ceilDiv(count, ROWS) * ROWS;
      int size = Math.ceilDiv(k, DEPTH) * padded * STEP;
      if (packed.length < size) packed = new float[size];
      team.run(count, (r, _) -> pack(x, (first + r) * k, k, r, padded));
      team.run(
          (n + WIDTH - 1) / WIDTH,
          (panel, member) -> panel(stored, members[member], w, panel, first, count, bias, y));
    }
  }

  /** Copies a row of {@code x}: for each run of DEPTH columns, the rows one after the other. */
  private void pack(float[] x, int at, int k, int row, int padded) {
    for (int i = 0; i < k; i += DEPTH) {
      int to = i / DEPTH * padded * STEP + row * STEP;
      System.arraycopy(x, at + i, packed, to, Math.min(DEPTH, k - i));
    }
  }

  /** Computes WIDTH columns of the result for a block of rows. */
  private void panel(
      StoredRows stored,
      Scratch s,
      Tensor w,
      int panel,
      int first,
      int count,
      float @Nullable [] bias,
      float[] y) {
    s.many();
    int n = (int) w.dim(0);
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    int column = panel * WIDTH;
    int columns = Math.min(WIDTH, n - column);
    int padded = Math.ceilDiv(count, ROWS) * ROWS;
    MemorySegment data = nativeRows(s, w, column, column + columns);
    long start = start(w, column);
    for (int i = 0; i < k; i += DEPTH) {
      int depth = Math.min(DEPTH, k - i);
      for (int c = 0; c < columns; c++) {
        long at = start + c * rowBytes + w.format().bytes(i);
        stored.readScales(data, at, depth, s.scales[0]);
        stored.decode(data, at, s.decoded, c * STEP, depth, s.scales[0]);
      }
      Turn.turn(s.decoded, 0, STEP, columns, depth, s.columns, 0, WIDTH, s.square);
      for (int r = 0; r < count; r += ROWS) {
        Tile.part(
            packed,
            (i / DEPTH * padded + r) * STEP,
            STEP,
            s.columns,
            0,
            WIDTH,
            depth,
            i > 0,
            y,
            (first + r) * n + column,
            n,
            Math.min(ROWS, count - r),
            columns,
            s.tile);
      }
    }
    if (bias != null) {
      for (int t = first; t < first + count; t++) {
        for (int c = 0; c < columns; c++) y[t * n + column + c] += bias[column + c];
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
