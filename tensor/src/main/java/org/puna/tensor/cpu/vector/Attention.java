package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;

/**
 * Attention over paged keys and values, one piece of work for each row and group of query heads.
 */
final class Attention {
  private static final int N = Lanes.N;

  /** Rows from which packing keys and values pays. */
  private static final int MANY = 6;

  /** Queries that share keys from which a tile pays even for one row. */
  private static final int GROUP = 3;

  /** Positions from which it pays: below, packing the keys costs more than it saves. */
  private static final int FAR = 128;

  private Member[] members = new Member[0];

  // Used again by every step of few rows, which so allocates nothing.
  private final Rows few = new Rows();

  /** Memory of one member of the team. */
  private static final class Member {
    float[] scores = new float[0];
    float[] decoded = new float[0];
    float[] scaled = new float[0];
    final TiledAttention tiled = new TiledAttention();

    // Doubling: a growing context allocates rarely.
    float[] scores(int n) {
      if (scores.length < n) scores = new float[Math.max(n, 2 * scores.length)];
      return scores;
    }

    float[] scaled(int n) {
      if (scaled.length < n) scaled = new float[n];
      return scaled;
    }

    float[] decoded(int n) {
      if (decoded.length < n) decoded = new float[n];
      return decoded;
    }
  }

  void run(
      Team team,
      AttentionShape shape,
      Batch batch,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    if (members.length < team.size()) {
      int from = members.length;
      members = Arrays.copyOf(members, team.size());
      for (int i = from; i < members.length; i++) members[i] = new Member();
    }
    for (int p = 0; p < batch.parts(); p++) {
      Batch.Part part = batch.part(p);
      if (part.rows() >= MANY) {
        tiled(team, shape, part, q, keys, values, y);
      } else {
        few.set(shape, part, q, keys, values, y);
        team.run(few.together ? shape.nKvHeads() : part.rows() * shape.nKvHeads(), few);
      }
    }
  }

  private void tiled(
      Team team,
      AttentionShape shape,
      Batch.Part part,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    int step = TiledAttention.blockRows(shape);
    int blocks = (part.rows() + step - 1) / step;
    team.run(
        blocks * shape.nKvHeads(),
        (piece, member) -> {
          // The last rows see the most positions: they go first, so that no member ends alone.
          int row = (blocks - 1 - piece / shape.nKvHeads()) * step;
          int n = Math.min(step, part.rows() - row);
          int kvHead = piece % shape.nKvHeads();
          members[member].tiled.attend(shape, part, row, n, kvHead, q, keys, values, y);
        });
  }

  /** A sequence with few rows: a piece is a row and the query heads of one key-value head. */
  private final class Rows implements Team.Task {
    private static final float[] NONE = new float[0];

    private AttentionShape shape = new AttentionShape(1, 1, 1, 1, 0, 0, 0);
    private Batch.@Nullable Part part;
    private float[] q = NONE;
    private float[] y = NONE;
    private @Nullable KvPages keys;
    private @Nullable KvPages values;

    /** Whether a piece is all rows with the query heads of one key-value head, tile by tile. */
    private boolean together;

    void set(
        AttentionShape shape, Batch.Part part, float[] q, KvPages keys, KvPages values, float[] y) {
      this.shape = shape;
      this.part = part;
      this.q = q;
      this.y = y;
      this.keys = keys;
      this.values = values;
      together =
          !keys.turned()
              && TiledAttention.queries(shape, part.rows()) >= GROUP
              && part.length() >= FAR;
    }

    @Override
    public void run(int piece, int member) {
      if (part == null || keys == null || values == null) return;
      int kvHeads = shape.nKvHeads();
      if (together) {
        TiledAttention tiled = members[member].tiled;
        tiled.attend(shape, part, 0, part.rows(), piece, q, keys, values, y);
        return;
      }
      int row = piece / kvHeads;
      int kvHead = piece % kvHeads;
      Member m = members[member];
      if (keys.turned()) turned(shape, part, row, kvHead, q, keys, values, y, m);
      else attend(shape, part, row, kvHead, q, keys, values, y, m);
    }
  }

  /** Attends one row with the query heads of a key-value head over turned keys, page by page. */
  private static void turned(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int kvHead,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y,
      Member member) {
    int d = shape.headDim();
    int group = shape.nHeads() / shape.nKvHeads();
    int pageTokens = keys.pageTokens();
    int position = part.firstPosition() + row;
    int first = shape.firstVisible(position);
    int end = shape.endVisible(position, part.length());
    int firstPage = first / pageTokens;
    int base = firstPage * pageTokens;
    int endPage = Math.ceilDiv(end, pageTokens);
    // Not a power of two, which would share few lines of the cache.
    int step = (endPage - firstPage) * pageTokens + 16;
    float[] s = member.scores(group * step);
    float[] scaled = member.scaled(group * d);
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * d;
    for (int i = 0; i < group * d; i++) scaled[i] = q[qAt + i] * shape.scale();
    int at = keys.at(kvHead, 0);
    for (int p = firstPage; p < endPage; p += 2) {
      float[] k = keys.floats(part.pages()[p]);
      boolean two = p + 1 < endPage;
      float[] far = two ? keys.floats(part.pages()[p + 1]) : k;
      int to = p * pageTokens - base;
      for (int j = 0; j < pageTokens; j += Strip.WIDTH) {
        int c = to + j;
        if (two) {
          int cFar = c + pageTokens;
          Strip.beside(scaled, 0, d, group, k, far, at + j, pageTokens, d, s, c, cFar, step);
        } else {
          Strip.multiply(scaled, 0, d, group, k, at + j, pageTokens, d, false, s, c, step);
        }
      }
    }
    for (int h = 0; h < group; h++) {
      softmax(s, h * step + first - base, end - first, shape.softcap());
    }
    Arrays.fill(y, qAt, qAt + group * d, 0);
    int whole = d - d % Strip.WIDTH;
    for (int p = firstPage; p < endPage; ) {
      int from = Math.max(first, p * pageTokens);
      int run = Math.min(end, (p + 1) * pageTokens) - from;
      float[] v = values.floats(part.pages()[p]);
      int vAt = values.at(kvHead, from - p * pageTokens);
      int sAt = from - base;
      boolean two = run == pageTokens && (p + 2) * pageTokens <= end;
      float[] far = two ? values.floats(part.pages()[p + 1]) : v;
      int sFar = sAt + pageTokens;
      for (int j = 0; j < whole; j += Strip.WIDTH) {
        int to = qAt + j;
        if (two) Strip.addBoth(s, sAt, sFar, step, group, v, far, vAt + j, d, run, y, to, d);
        else Strip.multiply(s, sAt, step, group, v, vAt + j, d, run, true, y, to, d);
      }
      for (int h = 0; h < group && whole < d; h++) {
        mix(s, h * step + sAt, run, v, vAt, whole, d, y, qAt + h * d);
        if (two) mix(s, h * step + sFar, run, far, vAt, whole, d, y, qAt + h * d);
      }
      p += two ? 2 : 1;
    }
  }

  private static void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int kvHead,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y,
      Member member) {
    int d = shape.headDim();
    int group = shape.nHeads() / shape.nKvHeads();
    int pageTokens = keys.pageTokens();
    int position = part.firstPosition() + row;
    int first = shape.firstVisible(position);
    int n = shape.endVisible(position, part.length()) - first;
    boolean plain = keys.type() == KvType.F32;
    float[] decoded = plain ? member.decoded : member.decoded(pageTokens * d);
    float[] s = member.scores(group * n);
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * d;
    for (int i = 0; i < n; ) {
      int page = part.pages()[(first + i) / pageTokens];
      int in = (first + i) % pageTokens;
      int run = Math.min(pageTokens - in, n - i);
      int at = keys.at(kvHead, in);
      if (!plain) CachedBlocks.decode(keys, page, at, run * d, decoded, 0);
      float[] k = plain ? keys.floats(page) : decoded;
      int from = plain ? at : 0;
      for (int r = 0; r < run; r++) {
        for (int h = 0; h < group; h++) {
          s[h * n + i + r] = FloatDots.dot(q, qAt + h * d, k, from + r * d, d) * shape.scale();
        }
      }
      i += run;
    }
    for (int h = 0; h < group; h++) softmax(s, h * n, n, shape.softcap());
    for (int h = 0; h < group; h++) Arrays.fill(y, qAt + h * d, qAt + (h + 1) * d, 0);
    for (int i = 0; i < n; ) {
      int page = part.pages()[(first + i) / pageTokens];
      int in = (first + i) % pageTokens;
      int run = Math.min(pageTokens - in, n - i);
      int at = values.at(kvHead, in);
      if (!plain) CachedBlocks.decode(values, page, at, run * d, decoded, 0);
      float[] v = plain ? values.floats(page) : decoded;
      int from = plain ? at : 0;
      for (int h = 0; h < group; h++) {
        mix(s, h * n + i, run, v, from, 0, d, y, qAt + h * d);
      }
      i += run;
    }
  }

  /** Turns scores into weights that sum to 1. */
  private static void softmax(float[] s, int at, int n, float softcap) {
    FloatVector cap = FloatVector.broadcast(Lanes.F, softcap);
    FloatVector highest = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    for (; i <= n - N; i += N) {
      FloatVector v = FloatVector.fromArray(Lanes.F, s, at + i);
      if (softcap > 0) {
        v = VectorMath.tanh(v.div(cap)).mul(cap);
        v.intoArray(s, at + i);
      }
      highest = highest.max(v);
    }
    for (; i < n; i++) {
      if (softcap > 0) s[at + i] = (float) (softcap * Math.tanh(s[at + i] / softcap));
      max = Math.max(max, s[at + i]);
    }
    max = Math.max(max, highest.reduceLanes(VectorOperators.MAX));
    FloatVector sums = FloatVector.zero(Lanes.F);
    float sum = 0;
    for (i = 0; i <= n - N; i += N) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.F, s, at + i).sub(max));
      e.intoArray(s, at + i);
      sums = sums.add(e);
    }
    for (; i < n; i++) {
      s[at + i] = (float) Math.exp(s[at + i] - max);
      sum += s[at + i];
    }
    float inverse = 1 / (sum + LaneSum.of(sums));
    for (i = 0; i <= n - N; i += N) {
      FloatVector.fromArray(Lanes.F, s, at + i).mul(inverse).intoArray(s, at + i);
    }
    for (; i < n; i++) s[at + i] *= inverse;
  }

  /** Adds {@code weights · v} of a run of positions to an output, numbers {@code first} to d. */
  private static void mix(
      float[] weights, int from, int run, float[] v, int at, int first, int d, float[] y, int to) {
    int j = first;
    for (; j <= d - 4 * N; j += 4 * N) {
      FloatVector a = FloatVector.fromArray(Lanes.F, y, to + j);
      FloatVector b = FloatVector.fromArray(Lanes.F, y, to + j + N);
      FloatVector c = FloatVector.fromArray(Lanes.F, y, to + j + 2 * N);
      FloatVector e = FloatVector.fromArray(Lanes.F, y, to + j + 3 * N);
      int o = at + j;
      for (int r = 0; r < run; r++) {
        FloatVector w = FloatVector.broadcast(Lanes.F, weights[from + r]);
        a = w.fma(FloatVector.fromArray(Lanes.F, v, o), a);
        b = w.fma(FloatVector.fromArray(Lanes.F, v, o + N), b);
        c = w.fma(FloatVector.fromArray(Lanes.F, v, o + 2 * N), c);
        e = w.fma(FloatVector.fromArray(Lanes.F, v, o + 3 * N), e);
        o += d;
      }
      a.intoArray(y, to + j);
      b.intoArray(y, to + j + N);
      c.intoArray(y, to + j + 2 * N);
      e.intoArray(y, to + j + 3 * N);
    }
    for (; j <= d - N; j += N) {
      FloatVector a = FloatVector.fromArray(Lanes.F, y, to + j);
      for (int r = 0; r < run; r++) {
        FloatVector w = FloatVector.broadcast(Lanes.F, weights[from + r]);
        a = w.fma(FloatVector.fromArray(Lanes.F, v, at + r * d + j), a);
      }
      a.intoArray(y, to + j);
    }
    for (; j < d; j++) {
      float sum = y[to + j];
      for (int r = 0; r < run; r++) sum = Math.fma(weights[from + r], v[at + r * d + j], sum);
      y[to + j] = sum;
    }
  }
}
