package org.puna.fleet.sim;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Inventory;
import org.puna.model.config.BadInput;

/**
 * The pools of a simulated fleet.
 *
 * @param name what the reports call it
 * @param pools chips by site and kind, at least one pool
 */
public record FleetSpec(String name, List<PoolSpec> pools) {
  /** Nodes under one leaf where nothing is said: a rail-optimised unit of 32 eight-GPU servers. */
  public static final int DEFAULT_LEAF_NODES = 32;

  /** Checks that there is something to simulate. */
  public FleetSpec {
    pools = List.copyOf(pools);
    if (pools.isEmpty()) {
      throw new BadInput("fleet " + name + ": no chips to simulate; give an inventory with counts");
    }
    long chips = pools.stream().mapToLong(PoolSpec::chips).sum();
    if (chips > Inventory.MAX_CHIPS) {
      throw new BadInput(
          "fleet "
              + name
              + ": "
              + chips
              + " chips; at most "
              + Inventory.MAX_CHIPS
              + " are simulated");
    }
  }

  /**
   * The fleet of an inventory. Pods are the inventory's; the speed of a chip is its measured BF16
   * matrix rate where every chip of the inventory has one, else its peak; a group that is delivered
   * on a day can be used from that day's beginning (UTC).
   *
   * @param inventory what is owned
   * @param leafNodes nodes under one leaf, at least 1
   * @param spareShare share of the nodes of every group that is kept as spares, 0 up to 1, rounded
   *     down
   * @param start when the simulation begins
   * @throws BadInput if a group is too large or the spares leave nothing
   */
  public static FleetSpec of(Inventory inventory, int leafNodes, double spareShare, Instant start) {
    boolean measured =
        inventory.groups().stream().allMatch(g -> g.chip().measuredBf16Tflops().isPresent());
    List<PoolSpec> pools = new ArrayList<>();
    for (Inventory.Group g : inventory.groups()) {
      if (g.count() == 0) continue;
      Accelerator chip = g.chip();
      int chips = Math.toIntExact(g.count());
      int nodes = (chips - 1) / g.nodeChips() + 1;
      long podNodes = Math.max(1, g.podChips() / g.nodeChips());
      int leaf = (int) Math.min(leafNodes, podNodes);
      long ready =
          g.delivered()
              .map(d -> d.atStartOfDay().toInstant(ZoneOffset.UTC))
              .map(d -> Math.max(0, Duration.between(start, d).toMillis()))
              .orElse(0L);
      pools.add(
          new PoolSpec(
              g.site(),
              chip.name(),
              chips,
              g.nodeChips(),
              leaf,
              (int) Math.max(1, podNodes / leaf),
              measured ? chip.measuredBf16Tflops().getAsDouble() : chip.bf16Tflops(),
              ready,
              (int) (nodes * spareShare)));
    }
    return new FleetSpec(inventory.name(), pools);
  }

  /** Returns the kinds of chips, in the order of the pools. */
  public Set<String> chipNames() {
    Set<String> names = new LinkedHashSet<>();
    pools.forEach(p -> names.add(p.chip()));
    return names;
  }

  /** Returns the number of chips, delivered or not. */
  public long chips() {
    return pools.stream().mapToLong(PoolSpec::chips).sum();
  }

  /**
   * The chips of the largest gang that one pool of the given kinds can hold, 0 if no pool is of
   * these kinds.
   *
   * @param kinds names of chips
   */
  public int largestGang(List<String> kinds) {
    return pools.stream()
        .filter(p -> kinds.contains(p.chip()))
        .mapToInt(PoolSpec::largestGang)
        .max()
        .orElse(0);
  }
}
