package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of one pool and who holds them. Gangs get whole nodes and for the rest a part of one
 * node; the smallest leaf or pod that holds the gang is taken (best fit), a larger gang takes the
 * emptiest pods and leaves first, so that it spans few. Every choice is a look-up in a {@link
 * RankedSet}; the cost of a placement is proportional to the nodes of the gang.
 */
final class Pool {
  /** What can be done with a node. */
  enum State {
    /** Not delivered yet. */
    ABSENT,
    /** Runs jobs or waits for one. */
    IN_SERVICE,
    /** Waits to replace a failed node. */
    SPARE,
    /** Being repaired or maintained. */
    DOWN
  }

  final PoolSpec spec;
  final int index;

  /** Running jobs by the time they end if nothing disturbs them. */
  final TreeSet<Job> byEnd =
      new TreeSet<>(
          Comparator.<Job>comparingLong(j -> j.segment().end()).thenComparingInt(j -> j.index));

  /** Running preemptible jobs: lowest priority first, then those that began last. */
  final TreeSet<Job> preemptible =
      new TreeSet<>(
          Comparator.<Job>comparingInt(j -> j.spec.priority())
              .thenComparing(Comparator.<Job>comparingLong(j -> j.segment().start()).reversed())
              .thenComparingInt(j -> j.index));

  /** When nodes that are down come back: time to number of nodes. */
  final TreeMap<Long, Integer> returning = new TreeMap<>();

  private static final int PODS_TRIED = 8;

  private final int perNode;
  private final State[] states;
  private final int[] free;
  private final RankedSet partial;
  private final RankedSet leaves;
  private final RankedSet[] podLeaves;
  private final RankedSet pods;
  private final RankedSet spares;
  private final @Nullable Job[] whole;
  private final Map<Integer, List<Job>> shared = new HashMap<>();
  private int freeNodes;
  private int freeChips;
  private int allocatedChips;
  private int serviceChips;
  private int spareNodes;
  private long touches;

  Pool(PoolSpec spec, int index) {
    this.spec = spec;
    this.index = index;
    this.perNode = spec.chipsPerNode();
    int nodes = spec.nodes();
    states = new State[nodes];
    Arrays.fill(states, State.ABSENT);
    free = new int[nodes];
    whole = new Job[nodes];
    partial = new RankedSet(nodes, Math.max(1, perNode - 1));
    leaves = new RankedSet(spec.leaves(), spec.nodesPerLeaf());
    pods = new RankedSet(spec.pods(), spec.nodesPerPod());
    spares = new RankedSet(nodes, 1);
    podLeaves = new RankedSet[spec.pods()];
    for (int p = 0; p < podLeaves.length; p++) {
      podLeaves[p] = new RankedSet(spec.leavesPerPod(), spec.nodesPerLeaf());
    }
  }

  /** Puts all nodes into service; every pod keeps its part of the spares in its last leaves. */
  void deliver() {
    int nodes = states.length;
    long podCount = spec.pods();
    for (int n = 0; n < nodes; n++) {
      int pod = n / spec.nodesPerPod();
      long spareHere =
          (pod + 1L) * spec.spareNodes() / podCount - (long) pod * spec.spareNodes() / podCount;
      int podEnd = Math.min((pod + 1) * spec.nodesPerPod(), nodes);
      serviceChips += capacity(n);
      if (n >= podEnd - spareHere && capacity(n) == perNode) {
        toSpare(n);
      } else {
        states[n] = State.IN_SERVICE;
        setFree(n, capacity(n));
      }
    }
  }

  int capacity(int node) {
    return Math.min(perNode, spec.chips() - node * perNode);
  }

  /** Whether a gang can start now. */
  boolean fits(int chips) {
    int rest = chips % perNode;
    boolean breaksNode = rest > 0 && partNode(rest) < 0;
    return chips / perNode + (breaksNode ? 1 : 0) <= freeNodes;
  }

  /** The partly used node that a part of a node would be taken from, −1 for a free one. */
  int partNode(int chips) {
    return partial.ceiling(chips);
  }

  /** Returns how many partly used nodes have so many free chips. */
  int nodesWithRoom(int chips) {
    return partial.atLeast(chips);
  }

  /** Takes the chips for a job, or returns null if they are not free. */
  @Nullable Allocation allocate(Job job) {
    int chips = job.spec.gpus();
    if (!fits(chips)) return null;
    Taken taken = new Taken(new int[chips / perNode]);
    takeNodes(taken);
    for (int n : taken.nodes) whole[n] = job;
    int rest = chips % perNode;
    int part = rest == 0 ? -1 : takePart(job, rest);
    allocatedChips += chips;
    return new Allocation(
        this, taken.nodes, part, rest, Math.max(1, taken.leaves), Math.max(1, taken.pods));
  }

  private int takePart(Job job, int chips) {
    int node = partNode(chips);
    if (node < 0) node = firstFree(tightLeaf(1));
    setFree(node, free[node] - chips);
    shared.computeIfAbsent(node, n -> new ArrayList<>()).add(job);
    return node;
  }

  private static final class Taken {
    final int[] nodes;
    int count;
    int leaves;
    int pods;

    Taken(int[] nodes) {
      this.nodes = nodes;
    }

    int missing() {
      return nodes.length - count;
    }
  }

  private void takeNodes(Taken taken) {
    int wanted = taken.nodes.length;
    if (wanted == 0) return;
    int leaf = tightLeaf(wanted);
    if (leaf >= 0) {
      taken.pods = 1;
      takeFromLeaf(leaf, taken, wanted);
      return;
    }
    while (taken.missing() > 0) {
      int pod = taken.missing() <= spec.nodesPerPod() ? pods.ceiling(taken.missing()) : -1;
      if (pod < 0) pod = pods.highest();
      taken.pods++;
      takeFromPod(pod, taken, Math.min(taken.missing(), pods.rank(pod)));
    }
  }

  /**
   * The leaf for a gang that one leaf can hold: the tightest in the tightest pod, so that empty
   * pods stay empty for large gangs; else the tightest anywhere; −1 if no leaf has room.
   */
  private int tightLeaf(int wanted) {
    if (wanted > spec.nodesPerLeaf()) return -1;
    int pod = pods.ceiling(wanted);
    for (int tries = 0; pod >= 0 && tries < PODS_TRIED; tries++) {
      int leaf = podLeaves[pod].ceiling(wanted);
      if (leaf >= 0) return pod * spec.leavesPerPod() + leaf;
      pod = pods.after(pod);
    }
    return leaves.ceiling(wanted);
  }

  private void takeFromPod(int pod, Taken taken, int wanted) {
    int missing = wanted;
    while (missing > 0) {
      int leaf = missing <= spec.nodesPerLeaf() ? podLeaves[pod].ceiling(missing) : -1;
      if (leaf < 0) leaf = podLeaves[pod].highest();
      int n = Math.min(missing, podLeaves[pod].rank(leaf));
      takeFromLeaf(pod * spec.leavesPerPod() + leaf, taken, n);
      missing -= n;
    }
  }

  private void takeFromLeaf(int leaf, Taken taken, int wanted) {
    taken.leaves++;
    int node = leaf * spec.nodesPerLeaf();
    for (int missing = wanted; missing > 0; node++) {
      if (free[node] == perNode) {
        setFree(node, 0);
        taken.nodes[taken.count++] = node;
        missing--;
      }
    }
  }

  private int firstFree(int leaf) {
    int node = leaf * spec.nodesPerLeaf();
    while (free[node] != perNode) node++;
    return node;
  }

  /** Gives the chips of a job back; nodes that are down stay so. */
  void release(Job job) {
    Allocation a = job.allocation();
    for (int n : a.nodes) {
      whole[n] = null;
      if (states[n] == State.IN_SERVICE) setFree(n, perNode);
    }
    if (a.partNode >= 0) leavePart(job, a);
    allocatedChips -= a.chips();
    job.letGo();
  }

  private void leavePart(Job job, Allocation a) {
    List<Job> guests = shared.get(a.partNode);
    if (guests != null) {
      guests.remove(job);
      if (guests.isEmpty()) shared.remove(a.partNode);
    }
    if (states[a.partNode] == State.IN_SERVICE) {
      setFree(a.partNode, free[a.partNode] + a.partChips);
    }
  }

  /**
   * Takes a node out of service. Its jobs still hold it until each is given a replacement or
   * released.
   *
   * @return whether the node was in service or a spare
   */
  boolean fail(int node) {
    State before = states[node];
    if (before == State.DOWN || before == State.ABSENT) return false;
    states[node] = State.DOWN;
    serviceChips -= capacity(node);
    if (before == State.SPARE) {
      spares.put(node, 0);
      spareNodes--;
    }
    setFree(node, 0);
    return true;
  }

  /** Puts a repaired node back, among the spares if they are fewer than wanted. */
  void repair(int node) {
    serviceChips += capacity(node);
    if (spareNodes < spec.spareNodes() && capacity(node) == perNode) {
      toSpare(node);
    } else {
      states[node] = State.IN_SERVICE;
      setFree(node, capacity(node));
    }
  }

  private void toSpare(int node) {
    states[node] = State.SPARE;
    spares.put(node, 1);
    spareNodes++;
  }

  /** Returns the jobs on a node, in the order they came. */
  Set<Job> jobsOn(int node) {
    Set<Job> jobs = new LinkedHashSet<>();
    Job sole = whole[node];
    if (sole != null) jobs.add(sole);
    jobs.addAll(shared.getOrDefault(node, List.of()));
    return jobs;
  }

  /** Returns the job on one chip of a node in service, or null if the chip is idle. */
  @Nullable Job jobOn(int node, int chip) {
    if (states[node] != State.IN_SERVICE) return null;
    Job sole = whole[node];
    if (sole != null) return sole;
    int before = 0;
    for (Job guest : shared.getOrDefault(node, List.of())) {
      before += guest.allocation().partChips;
      if (chip < before) return guest;
    }
    return null;
  }

  /**
   * Replaces every node of a job that is down: by a spare of the same pod, any spare, a free node
   * of the same leaf, of the same pod, any free node.
   *
   * @return false if nodes are missing; the job must then be released
   */
  boolean replaceLost(Job job) {
    Allocation a = job.allocation();
    for (int i = 0; i < a.nodes.length; i++) {
      int lost = a.nodes[i];
      if (states[lost] != State.DOWN) continue;
      int fresh = replacement(lost);
      if (fresh < 0) return false;
      setFree(fresh, 0);
      whole[lost] = null;
      whole[fresh] = job;
      a.nodes[i] = fresh;
    }
    if (a.partNode >= 0 && states[a.partNode] == State.DOWN) {
      int lost = a.partNode;
      if (partNode(a.partChips) < 0 && freeNodes == 0) {
        int spare = nearestSpare(lost);
        if (spare < 0) return false;
        fromSpare(spare);
        setFree(spare, perNode);
      }
      leavePart(job, a);
      a.partNode = takePart(job, a.partChips);
    }
    return true;
  }

  private int replacement(int lost) {
    int spare = nearestSpare(lost);
    if (spare >= 0) {
      fromSpare(spare);
      return spare;
    }
    if (freeNodes == 0) return -1;
    int leaf = lost / spec.nodesPerLeaf();
    if (leaves.rank(leaf) > 0) return firstFree(leaf);
    int pod = leaf / spec.leavesPerPod();
    int near = podLeaves[pod].ceiling(1);
    return firstFree(near >= 0 ? pod * spec.leavesPerPod() + near : leaves.ceiling(1));
  }

  private int nearestSpare(int lost) {
    if (spareNodes == 0) return -1;
    int podStart = lost / spec.nodesPerPod() * spec.nodesPerPod();
    int near = spares.from(1, podStart);
    return near >= 0 ? near : spares.from(1, 0);
  }

  private void fromSpare(int node) {
    spares.put(node, 0);
    spareNodes--;
    states[node] = State.IN_SERVICE;
  }

  private void setFree(int node, int chips) {
    int before = free[node];
    touches++;
    if (before == chips) return;
    free[node] = chips;
    freeChips += chips - before;
    if ((before == perNode) != (chips == perNode)) {
      int step = chips == perNode ? 1 : -1;
      int leaf = node / spec.nodesPerLeaf();
      int pod = leaf / spec.leavesPerPod();
      int rank = leaves.rank(leaf) + step;
      leaves.put(leaf, rank);
      podLeaves[pod].put(leaf - pod * spec.leavesPerPod(), rank);
      pods.put(pod, pods.rank(pod) + step);
      freeNodes += step;
    }
    partial.put(node, chips == perNode ? 0 : chips);
  }

  State state(int node) {
    return states[node];
  }

  /** Returns the chips of a node that may be taken. */
  int freeOn(int node) {
    return free[node];
  }

  int freeNodes() {
    return freeNodes;
  }

  int freeChips() {
    return freeChips;
  }

  /** Free chips on nodes of which another part is taken: no gang of whole nodes can use them. */
  int strandedChips() {
    return freeChips - freeNodes * perNode;
  }

  int allocatedChips() {
    return allocatedChips;
  }

  int serviceChips() {
    return serviceChips;
  }

  int spareChips() {
    return spareNodes * perNode;
  }

  /** Node updates so far, a measure of the work of placement. */
  long touches() {
    return touches;
  }
}
