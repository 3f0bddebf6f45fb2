package org.puna.train.tape;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Op;
import org.puna.tensor.Tensor;

/** Computes the gradients of operations: by their inputs, and by the weights that are trained. */
final class BackwardPass {
  private final Tape.Context c;
  private final float[][] buffers;
  private final Map<String, float[]> vectors = new HashMap<>();

  BackwardPass(Tape.Context context, float[][] buffers) {
    this.c = context;
    this.buffers = buffers;
  }

  void run(Step s, Tape.Running r) {
    float[] dy = buffers[s.dy()];
    Op op = s.op();
    int rows = r.count(op.out());
    int n = rows * op.out().cols();
    switch (op) {
      case Op.Embed o -> embed(dy, r.index(o.index()), o);
      case Op.Linear o -> linear(s, o, dy, rows);
      case Op.RmsNorm o ->
          c.grads()
              .rmsNorm(
                  c.team(),
                  dy,
                  in(s, 0),
                  n / o.group(),
                  o.group(),
                  ForwardPass.vector(o.weight(), vectors),
                  o.eps(),
                  s.add()[0],
                  din(s, 0),
                  c.gradient(o.weight()));
      case Op.LayerNorm o ->
          c.grads()
              .layerNorm(
                  c.team(),
                  dy,
                  in(s, 0),
                  rows,
                  o.out().cols(),
                  Objects.requireNonNull(ForwardPass.vector(o.weight(), vectors)),
                  o.eps(),
                  s.add()[0],
                  din(s, 0),
                  c.gradient(o.weight()),
                  c.gradient(o.bias()));
      case Op.Activate o -> {
        float[] dx = din(s, 0);
        if (dx != null) {
          c.grads().activate(c.team(), dy, in(s, 0), n, o.activation(), s.add()[0], dx);
        }
      }
      case Op.Add _ -> throw new IllegalStateException("the gradient of a sum is never copied");
      case Op.Scale o -> {
        float[] dx = din(s, 0);
        if (dx != null) c.kernels().scale(c.team(), dy, n, o.factor(), dx);
      }
      case Op.Softcap o -> {
        float[] dx = din(s, 0);
        if (dx != null) c.grads().softcap(c.team(), dy, in(s, 0), n, o.cap(), s.add()[0], dx);
      }
      case Op.Gate o ->
          c.grads()
              .gate(
                  c.team(),
                  dy,
                  in(s, 0),
                  in(s, 1),
                  n,
                  o.activation(),
                  s.add()[0],
                  din(s, 0),
                  s.add()[1],
                  din(s, 1));
      case Op.Rope o -> {
        float[] dx = din(s, 0);
        if (dx != null) ForwardPass.rope(c, o, r, true, dy, dx);
      }
      case Op.PositionScale o -> {
        float[] dx = din(s, 0);
        if (dx != null) ForwardPass.positionScale(o, r, dy, dx);
      }
      case Op.Attention o -> attention(s, o, r, dy);
      case Op.Route o -> {
        float[] dx = din(s, 0);
        if (dx != null) c.experts(o.out()).route(o.routing(), dy, buffers[s.out()], rows, dx);
      }
      case Op.Dispatch o -> dispatch(s, o, r, dy);
      case Op.ExpertLinear o -> expertLinear(s, o, dy, rows);
      case Op.Combine o -> combine(s, o, dy, rows);
      case Op.Outputs o -> {
        float[] dx = din(s, 0);
        if (dx != null) outputs(o, r, dy, dx);
      }
    }
  }

  private float[] in(Step s, int i) {
    return buffers[s.in()[i]];
  }

  private float @Nullable [] din(Step s, int i) {
    return s.din()[i] < 0 ? null : buffers[s.din()[i]];
  }

  /** Where the gradient by an input goes, or scratch memory where nobody asks for it. */
  private float[] dinOrScratch(Step s, int i, int n) {
    float[] d = din(s, i);
    if (d != null) return d;
    float[] scratch = vectors.computeIfAbsent("scratch " + i, _ -> new float[n]);
    if (scratch.length < n) {
      scratch = new float[n];
      vectors.put("scratch " + i, scratch);
    }
    return scratch;
  }

  private void embed(float[] dy, int[] ids, Op.Embed o) {
    float[] d = c.gradient(o.table());
    if (d == null) return;
    int cols = o.out().cols();
    for (int r = 0; r < ids.length; r++) {
      int at = ids[r] * cols;
      for (int i = 0; i < cols; i++) d[at + i] += dy[r * cols + i];
    }
  }

  private void linear(Step s, Op.Linear o, float[] dy, int rows) {
    Tensor w = o.weight().tensor();
    float[] dw = c.gradient(o.weight());
    if (dw != null) {
      c.grads().linearWeight(c.team(), dy, in(s, 0), rows, o.out().cols(), w.rowElements(), dw, 0);
    }
    float[] db = c.gradient(o.bias());
    if (db != null) c.grads().bias(c.team(), dy, rows, o.out().cols(), db);
    float[] dx = din(s, 0);
    if (dx != null) c.grads().linearInput(c.team(), dy, rows, w, s.add()[0], dx);
  }

  private void attention(Step s, Op.Attention o, Tape.Running r, float[] dy) {
    int rows = r.count(o.out());
    c.grads()
        .attention(
            c.team(),
            o.shape(),
            r.rows().bounds(),
            r.rows().sequences(),
            dy,
            in(s, 0),
            in(s, 1),
            in(s, 2),
            buffers[s.out()],
            buffers[s.aux()],
            dinOrScratch(s, 0, rows * o.shape().qCols()),
            dinOrScratch(s, 1, rows * o.shape().kvCols()),
            dinOrScratch(s, 2, rows * o.shape().kvCols()));
  }

  private void dispatch(Step s, Op.Dispatch o, Tape.Running r, float[] dy) {
    int k = o.out().perToken();
    int cols = o.out().cols();
    int rows = r.count(o.out());
    float[] dx = din(s, 0);
    float[] droute = din(s, 1);
    if (dx != null) Arrays.fill(dx, 0, r.count(o.x()) * cols, 0);
    for (int row = 0; row < rows; row++) {
      float w = o.weighted() ? in(s, 1)[row] : 1;
      float dot = 0;
      for (int i = 0; i < cols; i++) {
        float d = dy[row * cols + i];
        int at = row / k * cols + i;
        if (dx != null) dx[at] += d * w;
        if (o.weighted()) dot += d * in(s, 0)[at];
      }
      if (droute != null) droute[row] = dot;
    }
  }

  private void expertLinear(Step s, Op.ExpertLinear o, float[] dy, int rows) {
    Tensor w = o.weight().tensor();
    Experts e = c.experts(o.route());
    float[] dw = c.gradient(o.weight());
    if (dw != null) {
      e.linearWeight(c.grads(), c.team(), dy, in(s, 0), rows, o.out().cols(), w.rowElements(), dw);
    }
    float[] dx = din(s, 0);
    if (dx != null) e.linearInput(c.grads(), c.team(), dy, rows, w, dx);
  }

  private void combine(Step s, Op.Combine o, float[] dy, int tokens) {
    int k = o.x().perToken();
    int cols = o.out().cols();
    float[] dx = din(s, 0);
    float[] droute = din(s, 1);
    for (int row = 0; row < tokens * k; row++) {
      float w = o.weighted() ? in(s, 1)[row] : 1;
      float dot = 0;
      for (int i = 0; i < cols; i++) {
        float d = dy[row / k * cols + i];
        if (o.weighted()) dot += d * in(s, 0)[row * cols + i];
        if (dx != null) dx[row * cols + i] = d * w;
      }
      if (droute != null) droute[row] = dot;
    }
  }

  private static void outputs(Op.Outputs o, Tape.Running r, float[] dy, float[] dx) {
    int cols = o.out().cols();
    Arrays.fill(dx, 0, r.count(o.x()) * cols, 0);
    int[] rows = r.rows().outputs();
    for (int m = 0; m < rows.length; m++) {
      System.arraycopy(dy, m * cols, dx, rows[m] * cols, cols);
    }
  }
}
