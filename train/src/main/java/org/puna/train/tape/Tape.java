package org.puna.train.tape;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.RopeTable;
import org.puna.tensor.Value;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;

/**
 * Runs a graph forward over whole sequences and walks its operations backwards, adding the
 * gradients of the trained weights to arrays that the caller owns. With no trained weight it is a
 * forward pass that keeps nothing.
 *
 * <p>A step is {@link #forward}, then the loss written to {@link #gradient()}, then {@link
 * #backward()}. Used by one thread at a time. Weights are read at every step, so that they may
 * change in between.
 */
public final class Tape {
  private final Context context;
  private final TapePlan plan;
  private final float[][] buffers;
  private final ForwardPass forward;
  private final BackwardPass backward;
  private final Map<RopeTable, Angles> angles = new HashMap<>();
  private final Value output;

  /**
   * What the passes of one tape share.
   *
   * @param kernels forward work on single numbers and rows
   * @param grads products and derivatives
   * @param team who works
   * @param routes the experts chosen by each route of this step
   * @param gradients gradients of trained weights by name
   */
  record Context(
      Kernels kernels,
      GradKernels grads,
      Team team,
      Map<Value, Experts> routes,
      Map<String, float[]> gradients) {
    Experts experts(Value route) {
      Experts e = routes.get(route);
      if (e == null) throw new IllegalArgumentException("no route made " + route);
      return e;
    }

    float @Nullable [] gradient(@Nullable Param p) {
      return p == null ? null : gradients.get(p.name());
    }
  }

  /** Rows of the running step with what depends on them alone. */
  record Running(Rows rows, int[] positions, Map<RopeTable, Angles> angles) {
    int count(Value v) {
      return switch (v.rows()) {
        case TOKENS -> rows.ids().length;
        case ROUTED -> rows.ids().length * v.perToken();
        case OUTPUTS -> rows.outputs().length;
      };
    }

    /** Returns the numbers of the rows' tokens that choose rows of a table. */
    int[] index(Op.Index index) {
      return switch (index) {
        case TOKEN -> rows.ids();
        case POSITION -> positions;
        case SEGMENT -> rows.segments();
      };
    }

    Angles angles(RopeTable t) {
      Angles a = angles.get(t);
      if (a == null) throw new IllegalArgumentException("no angles for a rotary table");
      return a;
    }
  }

  private @Nullable Running running;

  /**
   * Lays out a graph.
   *
   * @param graph what to compute
   * @param gradients for each trained weight, by name, an array of its size that gradients are
   *     added to
   * @param maxRows most rows of a step
   * @throws IllegalArgumentException if a gradient has not its weight's size, or a buffer would be
   *     too long
   */
  public Tape(
      Graph graph,
      Map<String, float[]> gradients,
      Recompute recompute,
      int maxRows,
      Kernels kernels,
      GradKernels grads,
      Team team) {
    for (Param p : graph.params()) {
      float[] g = gradients.get(p.name());
      if (g != null && g.length != p.tensor().elements()) {
        throw new IllegalArgumentException("gradient of " + g.length + " numbers for " + p);
      }
    }
    plan = plan(graph, gradients.keySet(), recompute, maxRows);
    buffers = plan.buffers().allocate();
    output = graph.output();
    context = new Context(kernels, grads, team, new HashMap<>(), gradients);
    for (Op op : graph.ops()) {
      if (op instanceof Op.Route r) {
        context.routes().put(r.out(), new Experts(r.k(), r.logits().cols(), maxRows));
      }
      if (op instanceof Op.Rope r) {
        angles.computeIfAbsent(r.table(), t -> new Angles(t, maxRows));
      }
    }
    forward = new ForwardPass(context, buffers);
    backward = new BackwardPass(context, buffers);
  }

  private static TapePlan plan(Graph graph, Set<String> trained, Recompute recompute, int maxRows) {
    return new TapePlan(graph, p -> trained.contains(p.name()), recompute, maxRows);
  }

  /** Returns the bytes that a tape of these arguments would hold, without making it. */
  public static long bytes(Graph graph, Set<String> trained, Recompute recompute, int maxRows) {
    return plan(graph, trained, recompute, maxRows).buffers().bytes();
  }

  /** Returns the bytes of activations and their gradients. */
  public long bytes() {
    return plan.buffers().bytes();
  }

  /**
   * Runs the graph.
   *
   * @return the result [rows.outputs().length, columns], valid until {@link #backward()}; the array
   *     may be longer
   */
  public float[] forward(Rows rows) {
    for (Angles a : angles.values()) a.fill(rows);
    Running r = new Running(rows, rows.positions(), angles);
    running = r;
    for (Step s : plan.forwardSteps()) forward.run(s, r);
    return buffers[plan.output()];
  }

  /**
   * Returns where the caller writes the gradient of the loss by the result, after {@link #forward}:
   * every row that was asked for.
   *
   * @throws IllegalStateException if no weight is trained
   */
  public float[] gradient() {
    if (plan.outputGradient() < 0) throw new IllegalStateException("this tape trains no weight");
    return buffers[plan.outputGradient()];
  }

  /** Returns the columns of the result. */
  public int columns() {
    return output.cols();
  }

  /** Adds the gradients of the last forward pass to those of the trained weights. */
  public void backward() {
    Running r = running;
    if (r == null) throw new IllegalStateException("no forward pass to walk back");
    List<Step> steps = plan.backwardSteps();
    for (Step s : steps) {
      switch (s.kind()) {
        case FORWARD -> forward.run(s, r);
        case BACKWARD -> backward.run(s, r);
        case ADD -> {
          float[] to = buffers[s.out()];
          int n = size(s, r);
          context.kernels().add(context.team(), to, buffers[s.dy()], n, to);
        }
        case COPY -> System.arraycopy(buffers[s.dy()], 0, buffers[s.out()], 0, size(s, r));
      }
    }
    running = null;
  }

  private static int size(Step s, Running r) {
    return r.count(s.value()) * s.value().cols();
  }
}
