package org.puna.train.loss;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.Value;

/**
 * A model's graph in two parts: the trunk, whose result is the last norm's, and the head that turns
 * it into logits.
 *
 * @param trunk all operations but the head's
 * @param weight the head's matrix [V, D], the embedding table where they are tied
 * @param bias the head's bias [V], or null for none
 * @param softcap soft limit of the logits, 0 for none
 */
public record Split(Graph trunk, Param weight, @Nullable Param bias, float softcap) {
  /**
   * Splits a graph that ends in a product, with or without a soft limit.
   *
   * @throws IllegalArgumentException if it ends otherwise
   */
  public static Split of(Graph graph) {
    List<Op> ops = new ArrayList<>(graph.ops());
    Op last = ops.removeLast();
    float softcap = 0;
    Value logits = graph.output();
    if (last instanceof Op.Softcap s) {
      softcap = s.cap();
      logits = s.x();
      last = ops.removeLast();
    }
    if (!(last instanceof Op.Linear head) || !head.out().equals(logits)) {
      throw new IllegalArgumentException("a graph without a head: it ends in " + last);
    }
    return new Split(new Graph(ops, head.x(), graph.layers()), head.weight(), head.bias(), softcap);
  }

  /** Returns the number of token ids. */
  public int vocab() {
    return Math.toIntExact(weight.tensor().dim(0));
  }

  /** Returns the head's bias, where there is one. */
  public Optional<Param> optionalBias() {
    return Optional.ofNullable(bias);
  }
}
