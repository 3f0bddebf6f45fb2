package org.puna.fleet.sim;

/** The chips of one running job: whole nodes, and at most one node of which it has a part. */
final class Allocation {
  final Pool pool;

  /** Nodes held whole; a failed one is replaced in place. */
  final int[] nodes;

  /** Chips held of {@link #partNode}, 0 for none. */
  final int partChips;

  /** The node held in part, −1 for none. */
  int partNode;

  /** Leaves that the whole nodes were taken from, at least 1. */
  final int leaves;

  /** Pods that the whole nodes were taken from, at least 1. */
  final int pods;

  Allocation(Pool pool, int[] nodes, int partNode, int partChips, int leaves, int pods) {
    this.pool = pool;
    this.nodes = nodes;
    this.partNode = partNode;
    this.partChips = partChips;
    this.leaves = leaves;
    this.pods = pods;
  }

  int chips() {
    return nodes.length * pool.spec.chipsPerNode() + partChips;
  }

  /** Fewest leaves that could hold the whole nodes in an empty pool. */
  int fewestLeaves() {
    return Math.max(1, (nodes.length - 1) / pool.spec.nodesPerLeaf() + 1);
  }

  /** Fewest pods that could hold the whole nodes in an empty pool. */
  int fewestPods() {
    return Math.max(1, (nodes.length - 1) / pool.spec.nodesPerPod() + 1);
  }
}
