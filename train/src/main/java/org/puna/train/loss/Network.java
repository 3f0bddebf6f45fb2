package org.puna.train.loss;

import java.util.Map;
import org.puna.tensor.Graph;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.tape.Recompute;
import org.puna.train.tape.Rows;
import org.puna.train.tape.Tape;

/** A model that can be trained: its trunk on a tape, its head fused with the loss. */
public final class Network {
  private final Tape tape;
  private final Head head;
  private final Split split;

  /**
   * Prepares a model.
   *
   * @param graph from token ids to logits
   * @param gradients for each trained weight, by name, an array of its size that gradients are
   *     added to; empty for a model that is only asked
   * @param maxRows most tokens of a micro-batch
   */
  public Network(
      Graph graph,
      Map<String, float[]> gradients,
      Recompute recompute,
      int maxRows,
      Kernels kernels,
      GradKernels grads,
      Team team) {
    split = Split.of(graph);
    tape = new Tape(split.trunk(), gradients, recompute, maxRows, kernels, grads, team);
    head = new Head(split, gradients, maxRows, kernels, grads, team);
  }

  /** Returns the bytes that a network would hold besides weights and gradients. */
  public static long bytes(
      Graph graph, java.util.Set<String> trained, Recompute recompute, int maxRows) {
    Split split = Split.of(graph);
    return Tape.bytes(split.trunk(), trained, recompute, maxRows) + Head.bytes(split, maxRows);
  }

  /** Returns the number of token ids. */
  public int vocab() {
    return split.vocab();
  }

  /** Computes a loss of a micro-batch and adds its gradients; returns the loss. */
  public double train(Rows rows, Objective objective) {
    float[] hidden = tape.forward(rows);
    double loss = head.loss(hidden, rows.outputs().length, objective, tape.gradient());
    tape.backward();
    return loss;
  }

  /**
   * Computes a loss twice: {@code first} without gradients over the same forward pass, so that the
   * objective that follows may depend on what it found.
   */
  public double train(
      Rows rows, Objective first, java.util.function.Supplier<Objective> objective) {
    float[] hidden = tape.forward(rows);
    head.loss(hidden, rows.outputs().length, first);
    double loss = head.loss(hidden, rows.outputs().length, objective.get(), tape.gradient());
    tape.backward();
    return loss;
  }

  /** Computes a loss of a micro-batch without gradients. */
  public double loss(Rows rows, Objective objective) {
    return head.loss(tape.forward(rows), rows.outputs().length, objective);
  }

  /**
   * Runs the trunk and returns the model as a teacher over the rows asked for. The logits that it
   * returns are valid until this network runs again.
   */
  public Distillation.Teacher teach(Rows rows) {
    float[] hidden = tape.forward(rows);
    return (first, n) -> head.logits(hidden, first, n);
  }
}
