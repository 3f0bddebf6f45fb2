package org.puna.fleet.sim;

import org.puna.model.config.BadInput;

/**
 * Equal chips at one site, in the network's hierarchy: chips in nodes, nodes under a leaf (the
 * switches of a rack, or of a rail-optimised unit), leaves in a pod of full bandwidth. A gang never
 * spans two pools.
 *
 * @param site where they stand
 * @param chip what they are, the name that jobs ask for
 * @param chips how many; where they do not fill the last node, that node has fewer
 * @param chipsPerNode chips of one node
 * @param nodesPerLeaf nodes under one leaf
 * @param leavesPerPod leaves of one pod
 * @param speed work per hour relative to any fixed chip; only ratios between pools matter
 * @param readyMillis when they are delivered, in ms since the start of the simulation
 * @param spareNodes nodes kept free to replace failed ones
 */
public record PoolSpec(
    String site,
    String chip,
    int chips,
    int chipsPerNode,
    int nodesPerLeaf,
    int leavesPerPod,
    double speed,
    long readyMillis,
    int spareNodes) {

  /** Checks the sizes. */
  public PoolSpec {
    if (chips < 1 || chipsPerNode < 1 || nodesPerLeaf < 1 || leavesPerPod < 1) {
      throw new BadInput(
          "fleet: "
              + chip
              + " at "
              + site
              + ": chips, node, leaf and pod sizes must be at least 1; correct the inventory");
    }
    if (!(speed > 0) || Double.isInfinite(speed) || readyMillis < 0) {
      throw new BadInput("fleet: " + chip + " at " + site + ": the speed must be positive");
    }
    int nodes = (chips - 1) / chipsPerNode + 1;
    nodesPerLeaf = Math.min(nodesPerLeaf, nodes);
    leavesPerPod = Math.min(leavesPerPod, (nodes - 1) / nodesPerLeaf + 1);
    if (spareNodes < 0 || spareNodes >= nodes) {
      throw new BadInput(
          "fleet: "
              + chip
              + " at "
              + site
              + ": "
              + spareNodes
              + " spare nodes of "
              + nodes
              + " leave nothing to run on; keep fewer spares");
    }
  }

  /** Returns the number of nodes, a last one with fewer chips included. */
  public int nodes() {
    return (chips - 1) / chipsPerNode + 1;
  }

  /** Returns the number of leaves. */
  public int leaves() {
    return (nodes() - 1) / nodesPerLeaf + 1;
  }

  /** Returns the number of pods. */
  public int pods() {
    return (leaves() - 1) / leavesPerPod + 1;
  }

  /** Returns the nodes of a full pod. */
  public int nodesPerPod() {
    return nodesPerLeaf * leavesPerPod;
  }

  /** Returns the chips of the largest gang that can ever run here: all but the spares. */
  public int largestGang() {
    return chips - spareNodes * chipsPerNode;
  }
}
