package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.cpu.Team;

/**
 * Attention of whole sequences and its gradients, tile by tile; of the scores only the logarithm of
 * the sum of exponentials is kept. A piece of work is the query heads that share one head of keys
 * and values of one sequence.
 *
 * @see "Dao et al. 2022, FlashAttention"
 */
final class GradAttention {
  private AttentionForward[] forward = new AttentionForward[0];
  private AttentionBackward[] backward = new AttentionBackward[0];

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
    if (forward.length < team.size()) {
      forward = new AttentionForward[team.size()];
      Arrays.setAll(forward, _ -> new AttentionForward());
    }
    AttentionForward[] members = forward;
    team.run(
        sequences * shape.nKvHeads(),
        (piece, member) -> {
          int s = piece / shape.nKvHeads();
          int kvHead = piece % shape.nKvHeads();
          var head = new AttentionHeads(shape, bounds[s], bounds[s + 1], kvHead);
          members[member].run(head, q, k, v, y, lse);
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
    if (backward.length < team.size()) {
      backward = new AttentionBackward[team.size()];
      Arrays.setAll(backward, _ -> new AttentionBackward());
    }
    AttentionBackward[] members = backward;
    team.run(
        sequences * shape.nKvHeads(),
        (piece, member) -> {
          int s = piece / shape.nKvHeads();
          int kvHead = piece % shape.nKvHeads();
          var head = new AttentionHeads(shape, bounds[s], bounds[s + 1], kvHead);
          members[member].run(head, dy, q, k, v, y, lse, dq, dk, dv);
        });
  }
}
