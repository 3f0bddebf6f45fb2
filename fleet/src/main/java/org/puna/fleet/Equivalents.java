package org.puna.fleet;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.puna.model.config.BadInput;

/**
 * An inventory counted in one unit, usually H100 equivalents, by several bases side by side,
 * because no single definition exists.
 */
public final class Equivalents {
  private Equivalents() {}

  /** What one chip is compared by. */
  public enum Basis {
    /** Peak dense BF16 matrix rate of the data sheet. */
    BF16_PEAK("peak dense BF16"),
    /** Peak dense FP8 matrix rate; chips without FP8 count with BF16, which they would run. */
    FP8_PEAK("peak dense FP8"),
    /** Memory bandwidth, what decoding is bound by. */
    MEMORY_BANDWIDTH("memory bandwidth"),
    /** Memory size, what fits. */
    MEMORY_SIZE("memory size"),
    /** Best measured rate of a large BF16 matrix product. */
    MEASURED_BF16("measured BF16 matrix rate");

    private final String title;

    Basis(String title) {
      this.title = title;
    }

    /** Returns the words for tables. */
    public String title() {
      return title;
    }

    /**
     * The figure of a chip by this basis.
     *
     * @param chip the chip
     * @return empty where nobody published it
     */
    public OptionalDouble of(Accelerator chip) {
      return switch (this) {
        case BF16_PEAK -> OptionalDouble.of(chip.bf16Tflops());
        case FP8_PEAK -> OptionalDouble.of(chip.fp8OrBf16Tflops());
        case MEMORY_BANDWIDTH -> OptionalDouble.of(chip.bandwidthTbps());
        case MEMORY_SIZE -> OptionalDouble.of(chip.memoryGb());
        case MEASURED_BF16 -> chip.measuredBf16Tflops();
      };
    }
  }

  /**
   * Equivalents of one group.
   *
   * @param site where
   * @param chip which chip
   * @param count how many
   * @param perChip unit chips that one chip is worth, by basis; a basis is absent where no figure
   *     is published
   */
  public record Row(String site, String chip, long count, Map<Basis, Double> perChip) {}

  /**
   * The totals at one day.
   *
   * @param day the day
   * @param chips chips delivered by then
   * @param total unit chips that they are worth by basis
   * @param uncounted chips that a basis leaves out because their figure is not published
   */
  public record Point(
      LocalDate day, long chips, Map<Basis, Double> total, Map<Basis, Long> uncounted) {}

  /**
   * The whole count.
   *
   * @param unit the chip that is one
   * @param rows each group
   * @param chips all chips, delivered or not
   * @param total unit chips that all groups are worth by basis
   * @param uncounted chips that a basis leaves out
   * @param timeline totals at each day of delivery, earliest first
   */
  public record Report(
      String unit,
      List<Row> rows,
      long chips,
      Map<Basis, Double> total,
      Map<Basis, Long> uncounted,
      List<Point> timeline) {}

  /**
   * Counts an inventory.
   *
   * @param inventory what to count
   * @param unit the chip that is one; needs every basis
   * @throws BadInput if the unit lacks a measured matrix rate
   */
  public static Report of(Inventory inventory, Accelerator unit) {
    for (Basis b : Basis.values()) {
      if (b.of(unit).isEmpty()) {
        throw new BadInput(
            "equivalents: "
                + unit.name()
                + " has no published "
                + b.title()
                + ", so nothing can be counted in it; choose another unit such as H100-80GB-SXM");
      }
    }
    List<Row> rows = new ArrayList<>();
    for (Inventory.Group g : inventory.groups()) {
      Map<Basis, Double> per = new EnumMap<>(Basis.class);
      for (Basis b : Basis.values()) {
        OptionalDouble v = b.of(g.chip());
        if (v.isPresent()) per.put(b, v.getAsDouble() / b.of(unit).orElseThrow());
      }
      rows.add(new Row(g.site(), g.chip().name(), g.count(), per));
    }
    TreeSet<LocalDate> days = new TreeSet<>();
    inventory.groups().forEach(g -> g.delivered().ifPresent(days::add));
    List<Point> timeline = new ArrayList<>();
    for (LocalDate day : days) timeline.add(point(day, inventory.deliveredBy(day), unit));
    Point all = point(LocalDate.MAX, inventory.groups(), unit);
    return new Report(unit.name(), rows, all.chips(), all.total(), all.uncounted(), timeline);
  }

  private static Point point(LocalDate day, List<Inventory.Group> groups, Accelerator unit) {
    Map<Basis, Double> total = new EnumMap<>(Basis.class);
    Map<Basis, Long> uncounted = new EnumMap<>(Basis.class);
    long chips = 0;
    for (Basis b : Basis.values()) {
      total.put(b, 0.0);
      uncounted.put(b, 0L);
    }
    for (Inventory.Group g : groups) {
      chips += g.count();
      for (Basis b : Basis.values()) {
        OptionalDouble v = b.of(g.chip());
        if (v.isPresent()) {
          total.merge(b, g.count() * v.getAsDouble() / b.of(unit).orElseThrow(), Double::sum);
        } else {
          uncounted.merge(b, g.count(), Long::sum);
        }
      }
    }
    return new Point(day, chips, total, uncounted);
  }
}
