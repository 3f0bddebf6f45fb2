package org.puna.train.tape;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Value;

/**
 * The work of a forward and a backward pass, in order, and the memory it takes. Decided once for a
 * graph: which results are kept or computed again, which gradients are asked for, which are first
 * written and which added to, and which buffers share memory.
 */
final class TapePlan {
  private final Graph graph;
  private final Predicate<Param> trainable;
  private final int maxRows;
  private final Buffers buffers = new Buffers();
  private final List<Step> forward = new ArrayList<>();
  private final List<Step> backward = new ArrayList<>();
  private final Map<Integer, Op> producer = new HashMap<>();
  private final Set<Integer> asked = new HashSet<>();
  private final Map<Integer, Integer> bufferOf = new HashMap<>();
  private final Map<Integer, Integer> auxOf = new HashMap<>();
  private final Set<Integer> dropped = new HashSet<>();
  private final Map<Integer, Integer> gradientOf = new HashMap<>();
  private final Map<Integer, Integer> shares = new HashMap<>();
  private final int output;
  private final int outputGradient;
  private int now;

  TapePlan(Graph graph, Predicate<Param> trainable, Recompute recompute, int maxRows) {
    this.graph = graph;
    this.trainable = trainable;
    this.maxRows = maxRows;
    for (Op op : graph.ops()) {
      producer.put(op.out().id(), op);
      if (op.params().stream().anyMatch(trainable)
          || op.inputs().stream().anyMatch(v -> asked.contains(v.id()))) {
        asked.add(op.out().id());
      }
    }
    for (Op op : graph.ops()) forward(op, forward);
    int out = graph.output().id();
    output = buffer(out);
    buffers.use(output, now);
    if (asked.contains(out)) {
      drop(recompute);
      outputGradient = buffers.make(floats(graph.output()), now++);
      // The loss may read the output after it has begun to write the gradient.
      buffers.use(output, now);
      gradientOf.put(out, outputGradient);
      shares.put(outputGradient, 1);
      for (Op op : graph.ops().reversed()) {
        if (asked.contains(op.out().id()) && gradientOf.containsKey(op.out().id())) backward(op);
      }
    } else {
      outputGradient = -1;
    }
    buffers.layOut();
  }

  private void drop(Recompute recompute) {
    switch (recompute) {
      case NOTHING -> {}
      case CHEAP -> {
        for (Op op : graph.ops()) {
          if (cheap(op)) dropped.add(op.out().id());
        }
      }
      case LAYERS -> {
        for (Op op : graph.ops()) dropped.add(op.out().id());
        dropped.removeAll(narrows());
      }
    }
    dropped.remove(graph.output().id());
  }

  private static boolean cheap(Op op) {
    return op instanceof Op.RmsNorm
        || op instanceof Op.LayerNorm
        || op instanceof Op.Gate
        || op instanceof Op.Activate;
  }

  /** Values through which all that follows flows: after them no other is read. */
  private Set<Integer> narrows() {
    List<Op> ops = graph.ops();
    Map<Integer, Integer> lastUse = new HashMap<>();
    for (int i = 0; i < ops.size(); i++) {
      for (Value v : ops.get(i).inputs()) lastUse.put(v.id(), i);
    }
    Set<Integer> narrow = new HashSet<>();
    Set<Integer> live = new HashSet<>();
    for (int i = 0; i < ops.size(); i++) {
      int at = i;
      live.add(ops.get(i).out().id());
      live.removeIf(v -> lastUse.getOrDefault(v, -1) <= at);
      if (live.size() == 1) narrow.addAll(live);
    }
    return narrow;
  }

  private long floats(Value v) {
    return (long) maxRows * v.perToken() * v.cols();
  }

  private int buffer(int value) {
    Integer b = bufferOf.get(value);
    if (b == null) throw new IllegalArgumentException("no operation makes value " + value);
    return b;
  }

  private void forward(Op op, List<Step> steps) {
    int[] in = op.inputs().stream().mapToInt(v -> buffer(v.id())).toArray();
    int out = buffers.make(floats(op.out()), now);
    int aux = -1;
    if (op instanceof Op.Attention a) {
      aux = buffers.make((long) maxRows * a.shape().nHeads(), now);
      auxOf.put(op.out().id(), aux);
    }
    for (int b : in) {
      buffers.use(b, now);
      if (inPlace(op)) buffers.mayReplace(out, b);
    }
    bufferOf.put(op.out().id(), out);
    steps.add(
        new Step(Step.Kind.FORWARD, op, op.out(), in, out, aux, -1, new int[0], new boolean[0]));
    now++;
  }

  private static boolean inPlace(Op op) {
    return switch (op) {
      case Op.RmsNorm _, Op.Add _, Op.Scale _, Op.Softcap _, Op.Gate _, Op.Rope _ -> true;
      case Op.PositionScale _, Op.LayerNorm _, Op.Activate _ -> true;
      case Op.Embed _, Op.Linear _, Op.Attention _, Op.Route _, Op.Dispatch _ -> false;
      case Op.ExpertLinear _, Op.Combine _, Op.Outputs _ -> false;
    };
  }

  /** Results of the forward pass that the gradients of an operation are computed from. */
  private List<Value> reads(Op op) {
    return switch (op) {
      case Op.Embed _, Op.Add _, Op.Scale _, Op.Rope _, Op.PositionScale _, Op.Outputs _ ->
          List.of();
      case Op.Linear o -> trainable.test(o.weight()) ? List.of(o.x()) : List.of();
      case Op.RmsNorm o -> List.of(o.x());
      case Op.Softcap o -> List.of(o.x());
      case Op.LayerNorm o -> List.of(o.x());
      case Op.Activate o -> List.of(o.x());
      case Op.Gate o -> List.of(o.gate(), o.up());
      case Op.Attention o -> List.of(o.q(), o.k(), o.v(), o.out());
      case Op.Route o -> List.of(o.out());
      case Op.Dispatch o -> o.weighted() ? List.of(o.x(), o.route()) : List.of();
      case Op.ExpertLinear o -> trainable.test(o.weight()) ? List.of(o.x()) : List.of();
      case Op.Combine o -> o.weighted() ? List.of(o.x(), o.route()) : List.of();
    };
  }

  /** Whether the result changes smoothly with an input: an expert's choice does not. */
  private static boolean differentiable(Op op, int input) {
    return switch (op) {
      case Op.Dispatch o -> input == 0 || o.weighted();
      case Op.ExpertLinear _ -> input == 0;
      case Op.Combine o -> input == 0 || o.weighted();
      case Op.Embed _, Op.Linear _, Op.RmsNorm _, Op.Add _, Op.Scale _, Op.Softcap _ -> true;
      case Op.Gate _, Op.Rope _, Op.PositionScale _, Op.Attention _, Op.Route _ -> true;
      case Op.Outputs _, Op.LayerNorm _, Op.Activate _ -> true;
    };
  }

  /** Whether the gradient by an input can be added to what is there. */
  private static boolean canAdd(Op op) {
    return switch (op) {
      case Op.Linear _, Op.RmsNorm _, Op.Softcap _, Op.Gate _ -> true;
      case Op.LayerNorm _, Op.Activate _ -> true;
      case Op.Embed _, Op.Add _, Op.Scale _, Op.Rope _, Op.PositionScale _, Op.Attention _ -> false;
      case Op.Route _, Op.Dispatch _, Op.ExpertLinear _, Op.Combine _, Op.Outputs _ -> false;
    };
  }

  /** Computes again what was thrown away. */
  private void ensure(Value v) {
    if (!dropped.remove(v.id())) return;
    Op op = producer.get(v.id());
    if (op == null) throw new IllegalArgumentException("no operation makes " + v);
    for (Value in : op.inputs()) ensure(in);
    forward(op, backward);
  }

  private void backward(Op op) {
    List<Value> reads = reads(op);
    for (Value v : reads) ensure(v);
    List<Value> inputs = op.inputs();
    Integer found = gradientOf.remove(op.out().id());
    int dy = found == null ? -1 : found;
    if (op instanceof Op.Add o) {
      for (Value v : List.of(o.a(), o.b())) {
        if (asked.contains(v.id())) share(op, v, dy);
      }
      release(dy);
      return;
    }
    int[] din = new int[inputs.size()];
    boolean[] add = new boolean[inputs.size()];
    int[] later = new int[inputs.size()];
    Arrays.fill(din, -1);
    Arrays.fill(later, -1);
    for (int i = 0; i < inputs.size(); i++) {
      Value v = inputs.get(i);
      if (!asked.contains(v.id()) || !differentiable(op, i)) continue;
      if (!gradientOf.containsKey(v.id())) {
        din[i] = fresh(v);
      } else if (canAdd(op)) {
        din[i] = owned(op, v);
        add[i] = true;
      } else {
        later[i] = buffers.make(floats(v), now);
        din[i] = later[i];
      }
    }
    // Copies above may have taken steps: a buffer is written at the step of this operation.
    int[] in = new int[inputs.size()];
    for (int i = 0; i < in.length; i++) {
      boolean read = reads.contains(inputs.get(i));
      in[i] = read ? buffer(inputs.get(i).id()) : -1;
      if (read) buffers.use(in[i], now);
      buffers.use(din[i], now);
    }
    int out = reads.contains(op.out()) ? buffer(op.out().id()) : -1;
    int aux = auxOf.getOrDefault(op.out().id(), -1);
    buffers.use(out, now);
    buffers.use(aux, now);
    buffers.use(dy, now);
    replace(op, dy, in, din, add);
    backward.add(new Step(Step.Kind.BACKWARD, op, op.out(), in, out, aux, dy, din, add));
    now++;
    release(dy);
    for (int i = 0; i < later.length; i++) {
      if (later[i] >= 0) sum(op, inputs.get(i), owned(op, inputs.get(i)), later[i]);
    }
  }

  /** Lets gradients of operations on single numbers take the place of what they are made from. */
  private void replace(Op op, int dy, int[] in, int[] din, boolean[] add) {
    boolean alone = shares.getOrDefault(dy, 0) == 1;
    switch (op) {
      case Op.Scale _, Op.Rope _, Op.PositionScale _, Op.Softcap _, Op.Activate _ -> {
        if (din[0] >= 0 && !add[0] && alone) buffers.mayReplace(din[0], dy);
      }
      case Op.Gate _ -> {
        if (din[0] >= 0 && !add[0] && in[0] != in[1]) buffers.mayReplace(din[0], in[0]);
        if (din[1] >= 0 && !add[1] && alone) buffers.mayReplace(din[1], dy);
      }
      case Op.Embed _, Op.Linear _, Op.RmsNorm _, Op.Add _, Op.Attention _, Op.Route _ -> {}
      case Op.Dispatch _, Op.ExpertLinear _, Op.Combine _, Op.Outputs _, Op.LayerNorm _ -> {}
    }
  }

  private int fresh(Value v) {
    int b = buffers.make(floats(v), now);
    gradientOf.put(v.id(), b);
    shares.put(b, 1);
    return b;
  }

  /** The gradient of a sum is that of each term: they share a buffer until one is added to. */
  private void share(Op op, Value v, int dy) {
    if (!gradientOf.containsKey(v.id())) {
      gradientOf.put(v.id(), dy);
      shares.merge(dy, 1, Integer::sum);
    } else {
      sum(op, v, owned(op, v), dy);
    }
  }

  private void release(int buffer) {
    shares.merge(buffer, -1, Integer::sum);
  }

  /** The buffer of a value's gradient, copied first if another value's gradient shares it. */
  private int owned(Op op, Value v) {
    Integer b = gradientOf.get(v.id());
    if (b == null) throw new IllegalArgumentException("no gradient of " + v);
    if (shares.getOrDefault(b, 0) == 1) return b;
    int copy = buffers.make(floats(v), now);
    buffers.use(b, now);
    move(Step.Kind.COPY, op, v, copy, b);
    release(b);
    gradientOf.put(v.id(), copy);
    shares.put(copy, 1);
    return copy;
  }

  private void sum(Op op, Value v, int to, int from) {
    buffers.use(to, now);
    buffers.use(from, now);
    move(Step.Kind.ADD, op, v, to, from);
  }

  private void move(Step.Kind kind, Op op, Value v, int to, int from) {
    backward.add(new Step(kind, op, v, new int[0], to, -1, from, new int[0], new boolean[0]));
    now++;
  }

  List<Step> forwardSteps() {
    return forward;
  }

  List<Step> backwardSteps() {
    return backward;
  }

  Buffers buffers() {
    return buffers;
  }

  /** The buffer of the graph's result. */
  int output() {
    return output;
  }

  /** The buffer of its gradient, −1 where no weight is trained. */
  int outputGradient() {
    return outputGradient;
  }
}
