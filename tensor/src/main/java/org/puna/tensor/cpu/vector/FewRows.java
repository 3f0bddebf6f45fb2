package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormat;

/**
 * Products of few rows of activations, straight over the stored blocks: one row as fast as memory
 * delivers the weights, several with a few rows of weights at a time. Works in pieces of some rows
 * of weights. Used again by every product, which so allocates nothing; one product at a time.
 */
final class FewRows implements Team.Task {
  /** Bytes of weights in one piece of work. */
  private static final long PIECE_BYTES = 512 << 10;

  /** Rows that are multiplied one by one: the second time weights come from the cache. */
  private static final int ALONE = 2;

  private static final float[] NONE = new float[0];

  private final Map<BlockFormat, RowsProduct> fours = new HashMap<>();
  private final Map<BlockFormat, RowsProduct> eights = new HashMap<>();
  private final Members<Scratch> members;
  private final float[][] alone = {NONE, NONE};
  private final float[][] prepared = new float[ALONE][0];
  private float[] second = new float[0];
  private float[] vectors = new float[0];

  private @Nullable StoredRows stored;
  private @Nullable RowsProduct several;
  private @Nullable Tensor w;
  private float[] x = NONE;
  private float[] y = NONE;
  private float @Nullable [] bias;
  private int rows;
  private int step;

  /** Memory of one member of the team. */
  private static final class Scratch {
    final float[] lanes =
        new float[Math.max(StoredRows.MAX_ROWS, ByEight.STORED * ByEight.ROWS) * Lanes.N];
    final RowScratch[] scales = new RowScratch[StoredRows.MAX_ROWS];
    final RowScratch room = new RowScratch();
    final NativeCopy copy;

    Scratch(Arena arena) {
      copy = new NativeCopy(arena);
      Arrays.setAll(scales, _ -> new RowScratch());
    }
  }

  /**
   * @param arena for copies of weights that lie in arrays
   */
  FewRows(Arena arena) {
    members = new Members<>(() -> new Scratch(arena));
  }

  /** Computes {@code y[rows, n] = x[rows, k] · wᵀ + bias}. */
  void multiply(
      Team team,
      StoredRows stored,
      float[] x,
      int rows,
      Tensor w,
      float @Nullable [] bias,
      float[] y) {
    members.reserve(team.size());
    int k = w.rowElements();
    several = null;
    if (rows <= ALONE) {
      for (int t = 0; t < rows; t++) prepare(stored, x, t, k);
    } else {
      RowsProduct kernel = kernel(w.format(), rows);
      several = kernel;
      packVectors(x, rows, k, kernel.rows());
    }
    int n = Math.toIntExact(w.dim(0));
    int together = several == null ? stored.rows() : several.stored();
    step = Math.clamp(PIECE_BYTES / w.rowBytes(), 1, Math.max(1, n / (4 * team.size())));
    step = Math.ceilDiv(step, together) * together;
    this.stored = stored;
    this.x = x;
    this.rows = rows;
    this.w = w;
    this.bias = bias;
    this.y = y;
    team.run((n + step - 1) / step, this);
    forget();
  }

  /** Makes a row of activations ready to be multiplied alone. */
  private void prepare(StoredRows stored, float[] x, int row, int k) {
    alone[row] = row == 0 ? x : second(x, k);
    int size = stored.prepared(k);
    if (prepared[row].length < size) prepared[row] = new float[size];
    stored.prepare(alone[row], k, prepared[row]);
  }

  /** Returns a copy of the second row: loops take numbers from index 0. */
  private float[] second(float[] x, int k) {
    if (second.length < k) second = new float[k];
    System.arraycopy(x, k, second, 0, k);
    return second;
  }

  /** Returns the loop for a number of rows: sixteen registers do not hold sixteen sums. */
  private RowsProduct kernel(BlockFormat format, int rows) {
    return rows <= ByFour.ROWS || Lanes.N == 8
        ? fours.computeIfAbsent(format, f -> Specialised.of(ByFour.class, Products.stored(f)))
        : eights.computeIfAbsent(format, f -> Specialised.of(ByEight.class, Products.stored(f)));
  }

  /** Lets go of weights that may be closed. */
  private void forget() {
    stored = null;
    several = null;
    w = null;
    bias = null;
    Arrays.fill(alone, NONE);
    x = NONE;
    y = NONE;
  }

  /**
   * Copies rows of {@code x}, {@code together} at a time: for each run of lanes, the rows one after
   * the other. Rows that fill up the last group are zero.
   */
  private void packVectors(float[] x, int rows, int k, int together) {
    int whole = k - k % Lanes.N;
    int padded = Math.ceilDiv(rows, together) * together;
    if (vectors.length < padded * whole) vectors = new float[padded * whole];
    for (int r = 0; r < padded; r++) {
      int at = (r - r % together) * whole + r % together * Lanes.N;
      for (int i = 0; i < whole; i += Lanes.N) {
        FloatVector v =
            r < rows ? FloatVector.fromArray(Lanes.F, x, r * k + i) : FloatVector.zero(Lanes.F);
        v.intoArray(vectors, at + together * i);
      }
    }
  }

  @Override
  public void run(int piece, int member) {
    StoredRows format = stored;
    Tensor weights = w;
    if (format == null || weights == null) return;
    Scratch s = members.of(member);
    int from = piece * step;
    int to = Math.min((int) weights.dim(0), from + step);
    RowsProduct kernel = several;
    if (kernel == null) apart(format, s, weights, from, to);
    else several(format, kernel, s, weights, from, to);
  }

  /** Multiplies rows of activations, one by one, with some rows of weights. */
  private void apart(StoredRows stored, Scratch s, Tensor w, int from, int to) {
    MemorySegment data = s.copy.rows(w, from, to);
    long start = NativeCopy.start(w, from);
    int count = to - from;
    int together = stored.rows();
    int apart = count / together;
    for (int i = 0; i < apart; i++) rows(stored, s, data, start, i, apart, w, from);
    // The last rows: with some before them once more, or each of too few several times.
    int rest = count % together;
    if (apart > 0) {
      if (rest > 0) rows(stored, s, data, start, count - together, 1, w, from);
    } else {
      for (int i = 0; i < rest; i++) rows(stored, s, data, start, i, 0, w, from);
    }
    addBias(w, from, to);
  }

  private void addBias(Tensor w, int from, int to) {
    float[] more = bias;
    if (more == null) return;
    int n = (int) w.dim(0);
    for (int t = 0; t < rows; t++) for (int j = from; j < to; j++) y[t * n + j] += more[j];
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
      int from) {
    int k = w.rowElements();
    long rowBytes = w.rowBytes();
    long at = start + first * rowBytes;
    long distance = apart * rowBytes;
    int together = stored.rows();
    int n = (int) w.dim(0);
    for (int t = 0; t < rows; t++) {
      stored.dots(data, at, distance, alone[t], prepared[t], k, s.room, s.lanes);
      for (int r = 0; r < together; r++) {
        y[t * n + from + first + r * apart] = LaneSum.of(s.lanes, r * Lanes.N);
      }
    }
  }

  /** Multiplies some rows of weights with all rows of {@code x}. */
  private void several(
      StoredRows stored, RowsProduct kernel, Scratch s, Tensor w, int from, int to) {
    MemorySegment data = s.copy.rows(w, from, to);
    int count = to - from;
    int together = kernel.stored();
    int apart = count / together;
    for (int i = 0; i < apart; i++) group(stored, kernel, s, data, w, from, from + i, apart);
    // The last rows: with some before them once more, or each of too few several times.
    int rest = count % together;
    if (apart > 0) {
      if (rest > 0) group(stored, kernel, s, data, w, from, to - together, 1);
    } else {
      for (int i = from; i < to; i++) group(stored, kernel, s, data, w, from, i, 0);
    }
    addBias(w, from, to);
  }

  /** Multiplies row {@code first} and others, each {@code apart} rows on, with all of {@code x}. */
  private void group(
      StoredRows stored,
      RowsProduct kernel,
      Scratch s,
      MemorySegment data,
      Tensor w,
      int from,
      int first,
      int apart) {
    int n = (int) w.dim(0);
    int k = w.rowElements();
    int whole = k - k % Lanes.N;
    int together = kernel.rows();
    int different = apart > 0 ? kernel.stored() : 1;
    long at = NativeCopy.start(w, from) + (first - from) * w.rowBytes();
    long distance = apart * w.rowBytes();
    for (int r = 0; r < kernel.stored(); r++) {
      stored.readVectors(data, at + r * distance, k, s.scales[r]);
    }
    for (int t = 0; t < rows; t += together) {
      kernel.multiply(data, at, distance, s.scales, vectors, t * whole, whole, s.lanes);
      for (int r = 0; r < different; r++) {
        int to = t * n + first + r * apart;
        for (int of = 0; of < Math.min(together, rows - t); of++) {
          y[to + of * n] = LaneSum.of(s.lanes, (r * together + of) * Lanes.N);
        }
      }
    }
    if (whole == k) return;
    for (int r = 0; r < different; r++) {
      long rest = at + r * distance + w.format().bytes(whole);
      for (int t = 0; t < rows; t++) {
        int to = t * n + first + r * apart;
        y[to] += stored.rest(data, rest, x, t * k + whole, t * k + k, s.room);
      }
    }
  }
}
