package org.puna.tensor.cpu;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Program;
import org.puna.tensor.RopeTable;
import org.puna.tensor.Tensor;
import org.puna.tensor.Value;

/**
 * A graph laid out for the CPU: walks the operations in order, each through the kernels, on planned
 * buffers.
 */
final class CpuProgram implements Program {
  private final Graph graph;
  private final Kernels kernels;
  private final Team team;
  private final Lock turn;
  private final int maxTokens;
  private final int maxOutputs;
  private final float[][] buffers;
  private final long bytes;
  private final Op[] ops;
  private final Angles[] allAngles;
  // By identity: a parameter's hash would hash its memory segment, which allocates.
  private final IdentityHashMap<Param, float[]> vectors = new IdentityHashMap<>();
  private final Map<RopeTable, Angles> angles = new HashMap<>();
  private final Map<Value, Routes> routes = new HashMap<>();

  /**
   * A compiled graph.
   *
   * @param turn held while it runs: kernels and team are shared with other programs
   */
  CpuProgram(Graph graph, Kernels kernels, Team team, Lock turn, int maxTokens, int maxOutputs) {
    this.graph = graph;
    this.kernels = kernels;
    this.team = team;
    this.turn = turn;
    this.maxTokens = maxTokens;
    this.maxOutputs = maxOutputs;
    BufferPlan plan = new BufferPlan(graph, maxTokens, maxOutputs);
    buffers = plan.allocate();
    bytes = plan.bytes();
    for (Op op : graph.ops()) prepare(op);
    // Arrays: walking them allocates nothing.
    ops = graph.ops().toArray(Op[]::new);
    allAngles = angles.values().toArray(Angles[]::new);
  }

  private void prepare(Op op) {
    switch (op) {
      case Op.Linear o when o.bias() != null -> vector(o.bias());
      case Op.RmsNorm o when o.weight() != null -> vector(o.weight());
      case Op.LayerNorm o -> {
        vector(o.weight());
        vector(o.bias());
      }
      case Op.Rope o -> angles.computeIfAbsent(o.table(), t -> new Angles(t, maxTokens));
      case Op.Route o -> routes.put(o.out(), new Routes(o.k(), o.logits().cols(), maxTokens));
      case Op.Embed _, Op.Linear _, Op.RmsNorm _, Op.Add _, Op.Scale _, Op.Softcap _ -> {}
      case Op.Gate _, Op.Activate _, Op.PositionScale _, Op.Attention _, Op.Dispatch _ -> {}
      case Op.ExpertLinear o -> route(o.route()).weight(o.weight());
      case Op.Combine _, Op.Outputs _ -> {}
    }
  }

  private float[] vector(Param p) {
    float[] known = vectors.get(p);
    return known != null ? known : vectors.computeIfAbsent(p, q -> q.tensor().toFloats());
  }

  private float @Nullable [] vectorOrNull(@Nullable Param p) {
    return p == null ? null : vector(p);
  }

  private Routes route(Value v) {
    Routes r = routes.get(v);
    if (r == null) throw new IllegalArgumentException("no route made " + v);
    return r;
  }

  @Override
  public void run(Batch batch, KvCache cache) {
    if (batch.tokens() > maxTokens || batch.outputs() > maxOutputs) {
      throw new IllegalArgumentException(
          "step of "
              + batch.tokens()
              + " tokens and "
              + batch.outputs()
              + " outputs, compiled for "
              + maxTokens
              + " and "
              + maxOutputs);
    }
    if (!(cache instanceof CpuKvCache kv)) {
      throw new IllegalArgumentException("the cache belongs to another backend");
    }
    turn.lock();
    try {
      for (Angles a : allAngles) a.fill(batch);
      for (Op op : ops) step(op, batch, kv);
    } finally {
      turn.unlock();
    }
  }

  private void step(Op op, Batch batch, CpuKvCache cache) {
    float[] y = buffers[op.out().id()];
    int rows = rows(op.out(), batch);
    int n = rows * op.out().cols();
    switch (op) {
      case Op.Embed o -> embed(o, batch, y);
      case Op.Linear o ->
          kernels.linear(team, in(o.x()), rows, o.weight().tensor(), vectorOrNull(o.bias()), y);
      case Op.RmsNorm o ->
          kernels.rmsNorm(
              team, in(o.x()), n / o.group(), o.group(), vectorOrNull(o.weight()), o.eps(), y);
      case Op.LayerNorm o ->
          kernels.layerNorm(
              team,
              in(o.x()),
              rows,
              o.out().cols(),
              vector(o.weight()),
              vector(o.bias()),
              o.eps(),
              y);
      case Op.Add o -> kernels.add(team, in(o.a()), in(o.b()), n, y);
      case Op.Scale o -> kernels.scale(team, in(o.x()), n, o.factor(), y);
      case Op.Softcap o -> kernels.softcap(team, in(o.x()), n, o.cap(), y);
      case Op.Gate o -> kernels.gate(team, in(o.gate()), in(o.up()), n, o.activation(), y);
      case Op.Activate o -> kernels.activate(team, in(o.x()), n, o.activation(), y);
      case Op.Rope o -> {
        Angles a = angles.get(o.table());
        int heads = o.x().cols() / o.headDim();
        if (a != null) {
          kernels.rope(
              team,
              in(o.x()),
              rows,
              heads,
              o.headDim(),
              a.cos,
              a.sin,
              o.table().frequencies(),
              o.interleaved(),
              y);
        }
      }
      case Op.PositionScale o -> positionScale(o, batch, y);
      case Op.Attention o -> {
        if (!o.shape().causal()) whole(batch);
        cache.write(o.layer(), batch, in(o.k()), in(o.v()));
        kernels.attention(
            team, o.shape(), batch, in(o.q()), cache.keys(o.layer()), cache.values(o.layer()), y);
      }
      case Op.Route o -> route(o.out()).choose(o.routing(), in(o.logits()), batch.tokens(), y);
      case Op.Dispatch o -> {
        int k = o.out().perToken();
        int c = o.out().cols();
        float[] x = in(o.x());
        float[] w = in(o.route());
        for (int r = 0; r < rows; r++) {
          System.arraycopy(x, r / k * c, y, r * c, c);
          if (o.weighted()) for (int i = 0; i < c; i++) y[r * c + i] *= w[r];
        }
      }
      case Op.ExpertLinear o ->
          route(o.route()).linear(kernels, team, o.weight(), in(o.x()), rows, y);
      case Op.Combine o -> combine(o, batch.tokens(), y);
      case Op.Outputs o -> {
        int c = o.out().cols();
        for (int m = 0; m < rows; m++) {
          System.arraycopy(in(o.x()), batch.outputRow(m) * c, y, m * c, c);
        }
      }
    }
  }

  private float[] in(Value v) {
    return buffers[v.id()];
  }

  private static int rows(Value v, Batch batch) {
    return switch (v.rows()) {
      case TOKENS -> batch.tokens();
      case ROUTED -> batch.tokens() * v.perToken();
      case OUTPUTS -> batch.outputs();
    };
  }

  private static void embed(Op.Embed o, Batch batch, float[] y) {
    Tensor t = o.table().tensor();
    int c = t.rowElements();
    for (int r = 0; r < batch.tokens(); r++) {
      int id =
          switch (o.index()) {
            case TOKEN -> batch.token(r);
            case POSITION -> batch.position(r);
            case SEGMENT -> batch.segment(r);
          };
      if (id < 0 || id >= t.dim(0)) throw outside(o.index(), id, t);
      t.format().decode(t.data(), id * t.rowBytes(), y, r * c, c);
    }
  }

  private static IllegalArgumentException outside(Op.Index index, int id, Tensor table) {
    return new IllegalArgumentException(
        switch (index) {
          case TOKEN -> "token id " + id + " is not in the vocabulary of " + table.dim(0);
          case POSITION -> "position " + id + " is not among the model's " + table.dim(0);
          case SEGMENT -> "segment " + id + " is not among the model's " + table.dim(0);
        });
  }

  private static void whole(Batch batch) {
    for (int p = 0; p < batch.parts(); p++) {
      if (batch.part(p).firstPosition() != 0) {
        throw new IllegalArgumentException(
            "attention to later positions needs the whole sequence in one step");
      }
    }
  }

  private void positionScale(Op.PositionScale o, Batch batch, float[] y) {
    float[] x = in(o.x());
    int c = o.x().cols();
    for (int r = 0; r < batch.tokens(); r++) {
      double steps = Math.floor((batch.position(r) + 1.0) / o.floorScale());
      float factor = (float) (Math.log1p(steps) * o.attnScale() + 1);
      for (int i = r * c; i < (r + 1) * c; i++) y[i] = x[i] * factor;
    }
  }

  private void combine(Op.Combine o, int tokens, float[] y) {
    float[] x = in(o.x());
    float[] w = in(o.route());
    int k = o.x().perToken();
    int c = o.out().cols();
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < c; i++) {
        float sum = 0;
        for (int j = 0; j < k; j++) {
          float v = x[(t * k + j) * c + i];
          sum += o.weighted() ? v * w[t * k + j] : v;
        }
        y[t * c + i] = sum;
      }
    }
  }

  @Override
  public void read(int output, float[] dst, int at) {
    int c = graph.output().cols();
    System.arraycopy(buffers[graph.output().id()], output * c, dst, at, c);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    for (int i = 0; i < buffers.length; i++) buffers[i] = new float[0];
    vectors.clear();
  }

  /** Returns the operations, for tests. */
  List<Op> ops() {
    return graph.ops();
  }

  /** Cosines and sines of a step's positions, [tokens, pairs]. */
  private static final class Angles {
    final RopeTable table;
    final float[] cos;
    final float[] sin;

    Angles(RopeTable table, int maxTokens) {
      this.table = table;
      cos = new float[maxTokens * table.frequencies()];
      sin = new float[maxTokens * table.frequencies()];
    }

    void fill(Batch batch) {
      for (int r = 0; r < batch.tokens(); r++) {
        table.fill(batch.position(r), cos, sin, r * table.frequencies());
      }
    }
  }
}
