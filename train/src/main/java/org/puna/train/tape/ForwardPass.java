package org.puna.train.tape;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.Value;

/** Computes operations over whole sequences. */
final class ForwardPass {
  private final Tape.Context c;
  private final float[][] buffers;
  private final Map<String, float[]> vectors = new HashMap<>();

  ForwardPass(Tape.Context context, float[][] buffers) {
    this.c = context;
    this.buffers = buffers;
  }

  /** The numbers of a norm's weight or a bias, read again at every step since they may change. */
  static float @Nullable [] vector(@Nullable Param p, Map<String, float[]> vectors) {
    if (p == null) return null;
    int n = Math.toIntExact(p.tensor().elements());
    float[] v = vectors.computeIfAbsent(p.name(), _ -> new float[n]);
    p.tensor().format().decode(p.tensor().data(), 0, v, 0, n);
    return v;
  }

  private float[] vector(Param p) {
    return Objects.requireNonNull(vector(p, vectors));
  }

  void run(Step s, Tape.Running r) {
    float[] y = buffers[s.out()];
    Op op = s.op();
    int rows = r.count(op.out());
    int n = rows * op.out().cols();
    switch (op) {
      case Op.Embed o -> embed(o.table().tensor(), r.index(o.index()), y);
      case Op.Linear o -> {
        c.grads().linear(c.team(), in(s, 0), rows, o.weight().tensor(), y);
        float[] bias = vector(o.bias(), vectors);
        if (bias != null) addBias(bias, rows, y);
      }
      case Op.RmsNorm o ->
          c.kernels()
              .rmsNorm(
                  c.team(),
                  in(s, 0),
                  n / o.group(),
                  o.group(),
                  vector(o.weight(), vectors),
                  o.eps(),
                  y);
      case Op.LayerNorm o ->
          c.kernels()
              .layerNorm(
                  c.team(),
                  in(s, 0),
                  rows,
                  o.out().cols(),
                  vector(o.weight()),
                  vector(o.bias()),
                  o.eps(),
                  y);
      case Op.Activate o -> c.kernels().activate(c.team(), in(s, 0), n, o.activation(), y);
      case Op.Add _ -> c.kernels().add(c.team(), in(s, 0), in(s, 1), n, y);
      case Op.Scale o -> c.kernels().scale(c.team(), in(s, 0), n, o.factor(), y);
      case Op.Softcap o -> c.kernels().softcap(c.team(), in(s, 0), n, o.cap(), y);
      case Op.Gate o -> c.kernels().gate(c.team(), in(s, 0), in(s, 1), n, o.activation(), y);
      case Op.Rope o -> rope(o, r, false, in(s, 0), y);
      case Op.PositionScale o -> positionScale(o, r, in(s, 0), y);
      case Op.Attention o ->
          c.grads()
              .attend(
                  c.team(),
                  o.shape(),
                  r.rows().bounds(),
                  r.rows().sequences(),
                  in(s, 0),
                  in(s, 1),
                  in(s, 2),
                  y,
                  buffers[s.aux()]);
      case Op.Route o -> c.experts(o.out()).choose(o.routing(), in(s, 0), r.rows().ids().length, y);
      case Op.Dispatch o -> dispatch(o, in(s, 0), in(s, 1), rows, y);
      case Op.ExpertLinear o ->
          c.experts(o.route()).linear(c.grads(), c.team(), o.weight().tensor(), in(s, 0), rows, y);
      case Op.Combine o -> combine(o, in(s, 0), in(s, 1), rows, y);
      case Op.Outputs o -> {
        int cols = o.out().cols();
        for (int m = 0; m < rows; m++) {
          System.arraycopy(in(s, 0), r.rows().outputs()[m] * cols, y, m * cols, cols);
        }
      }
    }
  }

  private float[] in(Step s, int i) {
    return buffers[s.in()[i]];
  }

  private static void embed(Tensor t, int[] ids, float[] y) {
    int cols = t.rowElements();
    for (int r = 0; r < ids.length; r++) {
      if (ids[r] < 0 || ids[r] >= t.dim(0)) {
        throw new IllegalArgumentException(
            "token id " + ids[r] + " is not in the vocabulary of " + t.dim(0));
      }
      t.format().decode(t.data(), ids[r] * t.rowBytes(), y, r * cols, cols);
    }
  }

  private static void addBias(float[] bias, int rows, float[] y) {
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < bias.length; j++) y[r * bias.length + j] += bias[j];
    }
  }

  /** Rotates, or rotates back: the gradient of a rotation is the rotation by the opposite angle. */
  private void rope(Op.Rope o, Tape.Running r, boolean back, float[] x, float[] y) {
    rope(c, o, r, back, x, y);
  }

  static void rope(Tape.Context c, Op.Rope o, Tape.Running r, boolean back, float[] x, float[] y) {
    Angles a = r.angles(o.table());
    c.kernels()
        .rope(
            c.team(),
            x,
            r.count(o.x()),
            o.x().cols() / o.headDim(),
            o.headDim(),
            a.cos,
            back ? a.minusSin : a.sin,
            o.table().frequencies(),
            o.interleaved(),
            y);
  }

  static void positionScale(Op.PositionScale o, Tape.Running r, float[] x, float[] y) {
    int cols = o.x().cols();
    for (int row = 0; row < r.positions().length; row++) {
      double steps = Math.floor((r.positions()[row] + 1.0) / o.floorScale());
      float factor = (float) (Math.log1p(steps) * o.attnScale() + 1);
      for (int i = row * cols; i < (row + 1) * cols; i++) y[i] = x[i] * factor;
    }
  }

  private static void dispatch(Op.Dispatch o, float[] x, float[] route, int rows, float[] y) {
    Value out = o.out();
    int cols = out.cols();
    for (int r = 0; r < rows; r++) {
      int from = r / out.perToken() * cols;
      float w = o.weighted() ? route[r] : 1;
      for (int i = 0; i < cols; i++) y[r * cols + i] = x[from + i] * w;
    }
  }

  private static void combine(Op.Combine o, float[] x, float[] route, int tokens, float[] y) {
    int k = o.x().perToken();
    int cols = o.out().cols();
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < cols; i++) {
        float sum = 0;
        for (int j = t * k; j < (t + 1) * k; j++) {
          sum += o.weighted() ? x[j * cols + i] * route[j] : x[j * cols + i];
        }
        y[t * cols + i] = sum;
      }
    }
  }
}
