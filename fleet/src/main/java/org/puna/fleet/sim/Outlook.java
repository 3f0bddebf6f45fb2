package org.puna.fleet.sim;

import java.util.HashMap;
import java.util.Map;

/**
 * Whether a gang fits a pool once some of its jobs have ended. It counts node by node: a node comes
 * free when the last job with a part of it has ended, so jobs that share nodes are seen like those
 * that hold them whole. Every question costs the same, however many nodes the pool has.
 */
final class Outlook {
  private final Pool pool;
  private final int perNode;
  private final int wanted;
  private final int rest;

  /** Chips of shared nodes that will be free beside those that are free now. */
  private final Map<Integer, Integer> coming = new HashMap<>();

  private int freeNodes;

  /** Partly used nodes with room for the rest of the gang. */
  private int roomy;

  /** The pool as it is now, for a gang of so many chips. */
  Outlook(Pool pool, int chips) {
    this.pool = pool;
    perNode = pool.spec.chipsPerNode();
    wanted = chips / perNode;
    rest = chips % perNode;
    freeNodes = pool.freeNodes();
    roomy = rest == 0 ? 0 : pool.nodesWithRoom(rest);
  }

  /** Whether the gang fits then; the same rule as {@link Pool#fits}. */
  boolean fits() {
    return wanted + (rest > 0 && roomy == 0 ? 1 : 0) <= freeNodes;
  }

  /** Nodes come back from repair. */
  void repaired(int nodes) {
    freeNodes += nodes;
  }

  /** A running job will have ended. */
  void ends(Job job) {
    change(job.allocation(), 1);
  }

  /** Takes {@link #ends} back. */
  void stays(Job job) {
    change(job.allocation(), -1);
  }

  private void change(Allocation a, int sign) {
    freeNodes += sign * a.nodes.length;
    if (a.partNode < 0) return;
    int before = freeOn(a.partNode);
    coming.merge(a.partNode, sign * a.partChips, Integer::sum);
    move(before, before + sign * a.partChips);
  }

  private int freeOn(int node) {
    return pool.freeOn(node) + coming.getOrDefault(node, 0);
  }

  /** One node goes from so many free chips to so many others. */
  private void move(int before, int after) {
    count(before, -1);
    count(after, 1);
  }

  private void count(int free, int nodes) {
    if (free == perNode) {
      freeNodes += nodes;
    } else if (rest > 0 && free >= rest) {
      roomy += nodes;
    }
  }

  /** Whether the gang still fits then if a waiting job takes chips now and keeps them. */
  boolean fitsBeside(Job job) {
    int nodes = job.spec.gpus() / perNode;
    int part = job.spec.gpus() % perNode;
    int node = part == 0 ? -1 : pool.partNode(part);
    int free = node < 0 ? perNode : freeOn(node);
    freeNodes -= nodes;
    move(free, free - part);
    boolean fits = fits();
    move(free - part, free);
    freeNodes += nodes;
    return fits;
  }

  /** A job has just started that will still hold its chips. */
  void keeps(Job job) {
    Allocation a = job.allocation();
    freeNodes -= a.nodes.length;
    if (a.partNode < 0) return;
    int free = freeOn(a.partNode);
    move(free + a.partChips, free);
  }

  /** A job has just started that will have ended. */
  void borrows(Job job) {
    Allocation a = job.allocation();
    if (a.partNode >= 0) coming.merge(a.partNode, a.partChips, Integer::sum);
  }
}
