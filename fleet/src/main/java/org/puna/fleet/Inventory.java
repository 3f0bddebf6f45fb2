package org.puna.fleet;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.puna.model.config.BadInput;

/**
 * What a company owns or rents: groups of equal chips at a site, each with its network, price and
 * date of delivery. Read from a file by {@link InventoryReader}.
 *
 * @param name what the inventory describes
 * @param groups chips by site and kind, in the order of the file
 * @param assumptions sentences of the author about what the figures assume, for reports
 */
public record Inventory(String name, List<Group> groups, List<String> assumptions) {

  /** Chips that one inventory may hold; a larger number is a slip of the keyboard. */
  public static final long MAX_CHIPS = 100_000_000L;

  /** Checks that there is something to count. */
  public Inventory {
    groups = List.copyOf(groups);
    assumptions = List.copyOf(assumptions);
    if (groups.isEmpty()) {
      throw new BadInput("inventory " + name + ": no chips; add an entry with chip and count");
    }
  }

  /** Returns the number of chips in all groups, delivered or not. */
  public long chips() {
    return groups.stream().mapToLong(Group::count).sum();
  }

  /**
   * The groups that have been delivered by a day; groups without a date are always there.
   *
   * @param day the day asked about
   * @return the groups delivered on or before {@code day}
   */
  public List<Group> deliveredBy(LocalDate day) {
    return groups.stream()
        .filter(g -> g.delivered().isEmpty() || !g.delivered().get().isAfter(day))
        .toList();
  }

  /**
   * Equal chips at one site.
   *
   * @param site where they stand
   * @param chip what they are
   * @param count how many, at least 0
   * @param nodeChips chips of one server
   * @param nodeStated whether somebody said so; else {@code nodeChips} is what is usual
   * @param podChips chips behind one full-bandwidth network block; {@code count} where the file
   *     says nothing
   * @param scaleOutGBps one-way network bandwidth of one chip between servers in GB/s; empty where
   *     the file says nothing
   * @param ports network ports of one server; empty where each chip has its own or the file says
   *     nothing
   * @param oversubscription how much narrower the network between pods is than inside one, at least
   *     1
   * @param priceUsd purchase price of one chip with its share of the server in USD
   * @param rentUsdPerHour rent of one chip in USD per hour
   * @param powerPriceUsdPerKwh price of electricity in USD/kWh
   * @param pue power usage effectiveness of the site, at least 1
   * @param carbonKgPerKwh carbon intensity of its electricity in kg CO₂/kWh
   * @param delivered the day from which they can be used; empty means they are there
   */
  public record Group(
      String site,
      Accelerator chip,
      long count,
      int nodeChips,
      boolean nodeStated,
      long podChips,
      OptionalDouble scaleOutGBps,
      OptionalInt ports,
      double oversubscription,
      OptionalDouble priceUsd,
      OptionalDouble rentUsdPerHour,
      OptionalDouble powerPriceUsdPerKwh,
      OptionalDouble pue,
      OptionalDouble carbonKgPerKwh,
      Optional<LocalDate> delivered) {

    /**
     * A group with nothing said about network, money and power.
     *
     * @param site where they stand
     * @param chip what they are
     * @param count how many
     * @param nodeChips chips of one server
     */
    public Group(String site, Accelerator chip, long count, int nodeChips) {
      this(
          site,
          chip,
          count,
          nodeChips,
          true,
          Math.max(count, 1),
          OptionalDouble.empty(),
          OptionalInt.empty(),
          1,
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          Optional.empty());
    }

    /** Returns the number of whole servers. */
    public long nodes() {
      return count / nodeChips;
    }
  }
}
