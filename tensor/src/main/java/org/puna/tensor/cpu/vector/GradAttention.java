package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.cpu.Team;

/**
 * Attention of whole sequences and its gradients, in squares of scores that stay in the cache; of
 * the scores only the logarithm of the sum of exponentials is kept.
 *
 * @see "Dao et al. 2022, FlashAttention"
 */
final class GradAttention {
  /** Rows and columns of a square of scores. */
  private static final int SQUARE = 64;

  private static final int N = Lanes.N;

  private Head[] members = new Head[0];

  private Head[] heads(Team team) {
    if (members.length < team.size()) {
      int from = members.length;
      members = Arrays.copyOf(members, team.size());
      for (int i = from; i < members.length; i++) members[i] = new Head();
    }
    return members;
  }

  void forward(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse) {
    Head[] heads = heads(team);
    int group = shape.nHeads() / shape.nKvHeads();
    team.run(
        sequences * shape.nKvHeads(),
        (piece, member) -> {
          Head h = heads[member];
          int s = piece / shape.nKvHeads();
          int kvHead = piece % shape.nKvHeads();
          h.begin(shape, bounds[s], bounds[s + 1], kvHead, k, v, false);
          for (int i = 0; i < group; i++) h.forward(kvHead * group + i, q, y, lse);
        });
  }

  void backward(
      Team team,
      AttentionShape shape,
      int[] bounds,
      int sequences,
      float[] dy,
      float[] q,
      float[] k,
      float[] v,
      float[] y,
      float[] lse,
      float[] dq,
      float[] dk,
      float[] dv) {
    Head[] heads = heads(team);
    int group = shape.nHeads() / shape.nKvHeads();
    team.run(
        sequences * shape.nKvHeads(),
        (piece, member) -> {
          Head h = heads[member];
          int s = piece / shape.nKvHeads();
          int kvHead = piece % shape.nKvHeads();
          h.begin(shape, bounds[s], bounds[s + 1], kvHead, k, v, true);
          for (int i = 0; i < group; i++) {
            h.backward(kvHead * group + i, dy, q, y, lse, dq);
          }
          h.finish(kvHead, dk, dv);
        });
  }

  /** One key-value head of one sequence, with its memory. */
  private static final class Head {
    private AttentionShape shape = new AttentionShape(1, 1, 1, 1, 0, 0, 0);
    private int from;
    private int rows;
    private int padded;
    private int d;
    private int dp;
    private float[] keys = new float[0];
    private float[] keysT = new float[0];
    private float[] values = new float[0];
    private float[] valuesT = new float[0];
    private float[] dKeys = new float[0];
    private float[] dValues = new float[0];
    private float[] queries = new float[0];
    private float[] dOut = new float[0];
    private float[] out = new float[0];
    private float[] delta = new float[0];
    private float[] panel = new float[0];
    private final float[] p = new float[SQUARE * SQUARE];
    private final float[] ds = new float[SQUARE * SQUARE];

    private static float[] room(float[] x, int n) {
      return x.length < n ? new float[n] : x;
    }

    void begin(
        AttentionShape shape,
        int from,
        int to,
        int kvHead,
        float[] k,
        float[] v,
        boolean gradients) {
      this.shape = shape;
      this.from = from;
      rows = to - from;
      padded = Math.ceilDiv(rows, SQUARE) * SQUARE;
      d = shape.headDim();
      dp = Math.ceilDiv(d, N) * N;
      int size = padded * dp;
      queries = room(queries, size);
      out = room(out, size);
      keysT = room(keysT, size);
      values = room(values, size);
      int at = from * shape.kvCols() + kvHead * d;
      turned(k, at, shape.kvCols(), keysT);
      if (gradients) {
        keys = room(keys, size);
        valuesT = room(valuesT, size);
        dKeys = room(dKeys, size);
        dValues = room(dValues, size);
        dOut = room(dOut, size);
        delta = room(delta, padded);
        straight(k, at, shape.kvCols(), keys);
        turned(v, at, shape.kvCols(), valuesT);
        Arrays.fill(dKeys, 0, size, 0);
        Arrays.fill(dValues, 0, size, 0);
      } else {
        panel = room(panel, SQUARE * padded);
        straight(v, at, shape.kvCols(), values);
      }
    }

    /** Columns that a block of rows computes with: whole squares. */
    private int end(int block) {
      return shape.causal() ? block + SQUARE : padded;
    }

    /** Copies a head's columns to [padded, dp], zeros around. */
    private void straight(float[] x, int at, int step, float[] to) {
      Arrays.fill(to, 0, padded * dp, 0);
      for (int r = 0; r < rows; r++) System.arraycopy(x, at + r * step, to, r * dp, d);
    }

    /** Copies a head's columns to [d, padded], zeros behind. */
    private void turned(float[] x, int at, int step, float[] to) {
      Arrays.fill(to, 0, d * padded, 0);
      for (int r = 0; r < rows; r++) {
        for (int i = 0; i < d; i++) to[i * padded + r] = x[at + r * step + i];
      }
    }

    /** Turns raw scores of {@code n} columns into scaled and capped ones. */
    private void cap(float[] s, int at, int n) {
      float scale = shape.scale();
      if (shape.softcap() == 0) {
        for (int j = at; j < at + n; j += N) {
          FloatVector.fromArray(Lanes.F, s, j).mul(scale).intoArray(s, j);
        }
        return;
      }
      float cap = shape.softcap();
      for (int j = at; j < at + n; j += N) {
        FloatVector v = FloatVector.fromArray(Lanes.F, s, j).mul(scale / cap);
        VectorMath.tanh(v).mul(cap).intoArray(s, j);
      }
    }

    void forward(int head, float[] q, float[] y, float[] lse) {
      straight(q, from * shape.qCols() + head * d, shape.qCols(), queries);
      for (int block = 0; block < padded; block += SQUARE) {
        int blockRows = Math.min(SQUARE, rows - block);
        int first = shape.firstVisible(block) / SQUARE * SQUARE;
        int n = end(block) - first;
        Blocks.multiply(
            queries, block * dp, dp, 1, keysT, first, padded, SQUARE, n, d, false, panel, 0, n);
        for (int r = 0; r < SQUARE; r++) {
          if (r < blockRows) {
            int row = from + block + r;
            lse[row * shape.nHeads() + head] = softmax(r * n, n, first, block + r);
          } else {
            Arrays.fill(panel, r * n, (r + 1) * n, 0);
          }
        }
        Blocks.multiply(
            panel, 0, n, 1, values, first * dp, dp, SQUARE, dp, n, false, out, block * dp, dp);
        int to = (from + block) * shape.qCols() + head * d;
        for (int r = 0; r < blockRows; r++) {
          System.arraycopy(out, (block + r) * dp, y, to + r * shape.qCols(), d);
        }
      }
    }

    /** Turns a row of raw scores into weights that sum to 1, 0 where a query may not look. */
    private float softmax(int at, int n, int first, int position) {
      cap(panel, at, n);
      int low = at + shape.firstVisible(position) - first;
      int high = at + shape.endVisible(position, rows) - first;
      Arrays.fill(panel, at, low, Float.NEGATIVE_INFINITY);
      Arrays.fill(panel, high, at + n, Float.NEGATIVE_INFINITY);
      FloatVector highest = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
      for (int j = at; j < at + n; j += N) {
        highest = highest.max(FloatVector.fromArray(Lanes.F, panel, j));
      }
      float max = highest.reduceLanes(VectorOperators.MAX);
      FloatVector sums = FloatVector.zero(Lanes.F);
      for (int j = at; j < at + n; j += N) {
        FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.F, panel, j).sub(max));
        e.intoArray(panel, j);
        sums = sums.add(e);
      }
      // The exponential of minus infinity is a tiny number here, not zero.
      Arrays.fill(panel, at, low, 0);
      Arrays.fill(panel, high, at + n, 0);
      float sum = LaneSum.of(sums);
      float inverse = 1 / sum;
      for (int j = at; j < at + n; j += N) {
        FloatVector.fromArray(Lanes.F, panel, j).mul(inverse).intoArray(panel, j);
      }
      return (float) (Math.log(sum) + max);
    }

    void backward(int head, float[] dy, float[] q, float[] y, float[] lse, float[] dq) {
      int at = from * shape.qCols() + head * d;
      straight(q, at, shape.qCols(), queries);
      straight(dy, at, shape.qCols(), dOut);
      Arrays.fill(out, 0, padded * dp, 0);
      for (int r = 0; r < rows; r++) {
        int i = at + r * shape.qCols();
        delta[r] = FloatDots.dot(dy, i, y, i, d);
      }
      for (int block = 0; block < padded; block += SQUARE) {
        int first = shape.firstVisible(block) / SQUARE * SQUARE;
        for (int col = first; col < end(block); col += SQUARE) {
          Blocks.multiply(
              queries,
              block * dp,
              dp,
              1,
              keysT,
              col,
              padded,
              SQUARE,
              SQUARE,
              d,
              false,
              p,
              0,
              SQUARE);
          Blocks.multiply(
              dOut,
              block * dp,
              dp,
              1,
              valuesT,
              col,
              padded,
              SQUARE,
              SQUARE,
              d,
              false,
              ds,
              0,
              SQUARE);
          for (int r = 0; r < SQUARE; r++) {
            if (block + r < rows) {
              slopes(r * SQUARE, block + r, col, lse[(from + block + r) * shape.nHeads() + head]);
            } else {
              Arrays.fill(p, r * SQUARE, (r + 1) * SQUARE, 0);
              Arrays.fill(ds, r * SQUARE, (r + 1) * SQUARE, 0);
            }
          }
          Blocks.multiply(
              ds, 0, SQUARE, 1, keys, col * dp, dp, SQUARE, dp, SQUARE, true, out, block * dp, dp);
          Blocks.multiply(
              p,
              0,
              1,
              SQUARE,
              dOut,
              block * dp,
              dp,
              SQUARE,
              dp,
              SQUARE,
              true,
              dValues,
              col * dp,
              dp);
          Blocks.multiply(
              ds,
              0,
              1,
              SQUARE,
              queries,
              block * dp,
              dp,
              SQUARE,
              dp,
              SQUARE,
              true,
              dKeys,
              col * dp,
              dp);
        }
      }
      for (int r = 0; r < rows; r++) {
        System.arraycopy(out, r * dp, dq, at + r * shape.qCols(), d);
      }
    }

    /** Turns a row of raw scores into weights, and of weights' gradients into scores' gradients. */
    private void slopes(int at, int position, int col, float lse) {
      cap(p, at, SQUARE);
      float cap = shape.softcap();
      for (int j = at; j < at + SQUARE; j += N) {
        FloatVector s = FloatVector.fromArray(Lanes.F, p, j);
        FloatVector w = VectorMath.exp(s.sub(lse));
        FloatVector g =
            FloatVector.fromArray(Lanes.F, ds, j).sub(delta[position]).mul(w).mul(shape.scale());
        if (cap > 0) {
          FloatVector t = s.div(cap);
          g = g.sub(g.mul(t).mul(t));
        }
        w.intoArray(p, j);
        g.intoArray(ds, j);
      }
      int low = Math.clamp(shape.firstVisible(position) - col, 0, SQUARE);
      int high = Math.clamp(shape.endVisible(position, rows) - col, 0, SQUARE);
      Arrays.fill(p, at, at + low, 0);
      Arrays.fill(ds, at, at + low, 0);
      Arrays.fill(p, at + high, at + SQUARE, 0);
      Arrays.fill(ds, at + high, at + SQUARE, 0);
    }

    void finish(int kvHead, float[] dk, float[] dv) {
      int to = from * shape.kvCols() + kvHead * d;
      for (int r = 0; r < rows; r++) {
        System.arraycopy(dKeys, r * dp, dk, to + r * shape.kvCols(), d);
        System.arraycopy(dValues, r * dp, dv, to + r * shape.kvCols(), d);
      }
    }
  }
}
