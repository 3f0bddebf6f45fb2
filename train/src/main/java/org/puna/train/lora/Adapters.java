package org.puna.train.lora;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.puna.model.config.BadInput;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Value;
import org.puna.train.params.Parameter;

/**
 * The adapters of a model.
 *
 * @param all one for each adapted matrix
 */
public record Adapters(List<Adapter> all) {
  /** Copies the list. */
  public Adapters {
    all = List.copyOf(all);
  }

  /**
   * Makes adapters for the products of a graph, but for its head, whose weight has one of the given
   * parts of names.
   *
   * @param targets such as {@code attn_q}, {@code ffn_down}; see {@link PeftFolder#parts}
   * @param named what an error adds to a part, such as its name elsewhere
   * @throws BadInput if a target names no matrix
   */
  public static Adapters fresh(
      Graph graph,
      Set<String> targets,
      int rank,
      double alpha,
      long seed,
      UnaryOperator<String> named) {
    Map<String, Param> matrices = new LinkedHashMap<>();
    for (Op op : graph.ops()) {
      if (op instanceof Op.Linear l && !isHead(graph, l)) {
        matrices.put(l.weight().name(), l.weight());
      }
    }
    var random = new SplittableRandom(seed);
    List<Adapter> made = new ArrayList<>();
    Set<String> unused = new HashSet<>(targets);
    matrices.forEach((name, matrix) -> {
      String part = part(name);
      if (!targets.contains(part)) return;
      unused.remove(part);
      made.add(Adapter.fresh(matrix, rank, alpha / rank, random));
    });
    if (targets.isEmpty() || !unused.isEmpty()) {
      List<String> parts = matrices.keySet().stream().map(Adapters::part).distinct().toList();
      throw new BadInput(
          "lora.targets: "
              + (targets.isEmpty() ? "none is named" : "no matrix of a layer is named ")
              + String.join(", ", unused)
              + "; this model has "
              + String.join(", ", parts.stream().map(p -> p + named.apply(p)).toList()));
    }
    return new Adapters(made);
  }

  /** The head's loss is computed a piece at a time, so it takes no detour. */
  private static boolean isHead(Graph graph, Op.Linear l) {
    Value logits =
        graph.ops().getLast() instanceof Op.Softcap s ? s.x() : graph.ops().getLast().out();
    return l.out().equals(logits);
  }

  /** Returns the part of a canonical name that says which matrix of a layer it is. */
  static String part(String name) {
    String s = name.endsWith(".weight") ? name.substring(0, name.length() - 7) : name;
    return s.replaceFirst("^blk\\.\\d+\\.", "");
  }

  /** Returns the trained weights: A and B of each. */
  public List<Parameter> parameters() {
    List<Parameter> p = new ArrayList<>();
    for (Adapter a : all) {
      p.add(a.a());
      p.add(a.b());
    }
    return p;
  }

  /**
   * Returns a graph in which each adapted product has its detour: {@code x · Wᵀ + scale · (x · Aᵀ)
   * · Bᵀ}.
   *
   * @throws BadInput if an adapter's target is no matrix of a layer
   */
  public Graph applied(Graph graph) {
    Map<String, Adapter> byTarget = new HashMap<>();
    for (Adapter a : all) byTarget.put(a.target(), a);
    Set<String> unused = new HashSet<>(byTarget.keySet());
    int[] next = {graph.ops().stream().mapToInt(op -> op.out().id()).max().orElse(0) + 1};
    List<Op> ops = new ArrayList<>();
    for (Op op : graph.ops()) {
      Adapter a = op instanceof Op.Linear l ? byTarget.get(l.weight().name()) : null;
      if (a == null || !(op instanceof Op.Linear l) || isHead(graph, l)) {
        ops.add(op);
        continue;
      }
      unused.remove(a.target());
      Value out = l.out();
      int rank = Math.toIntExact(a.a().shape()[0]);
      Value plain = like(out, out.cols(), next);
      Value thin = like(out, rank, next);
      Value scaled = like(out, rank, next);
      Value change = like(out, out.cols(), next);
      ops.add(new Op.Linear(plain, l.x(), l.weight(), l.bias()));
      ops.add(new Op.Linear(thin, l.x(), a.a().param(), null));
      ops.add(new Op.Scale(scaled, thin, (float) a.scale()));
      ops.add(new Op.Linear(change, scaled, a.b().param(), null));
      ops.add(new Op.Add(out, plain, change));
    }
    if (!unused.isEmpty()) {
      throw new BadInput(
          "adapters: expected adapters of matrices of layers, found "
              + String.join(", ", unused)
              + "; train them without these");
    }
    return new Graph(ops, graph.output(), graph.layers());
  }

  private static Value like(Value v, int cols, int[] next) {
    return new Value(next[0]++, v.rows(), v.perToken(), cols);
  }

  /** Returns the adapter of a matrix, where it has one. */
  public Optional<Adapter> of(String target) {
    return all.stream().filter(a -> a.target().equals(target)).findFirst();
  }
}
