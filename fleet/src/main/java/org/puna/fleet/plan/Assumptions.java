package org.puna.fleet.plan;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Inventory;
import org.puna.fleet.formula.Interruptions;

/**
 * What a plan assumes beyond the layout: prices, power, failures, and how much longer runs take in
 * practice than their iterations.
 *
 * @param rentUsdPerHour price of a GPU-hour in USD
 * @param powerPriceUsdPerKwh price of electricity in USD/kWh
 * @param pue power usage effectiveness of the site
 * @param carbonKgPerKwh carbon intensity in kg CO₂/kWh
 * @param serverOverhead power of a server over that of its GPUs
 * @param interruptionsPerGpuHour failures
 * @param checkpointSeconds time that training stands still for a checkpoint
 * @param restartSeconds time to notice a failure, start again and load
 * @param practice GPU-hours that runs report over those of their iterations and interruptions:
 *     warm-up, evaluation, slow days, work done twice
 * @param sources where each figure comes from
 */
public record Assumptions(
    double rentUsdPerHour,
    double powerPriceUsdPerKwh,
    double pue,
    double carbonKgPerKwh,
    double serverOverhead,
    double interruptionsPerGpuHour,
    double checkpointSeconds,
    double restartSeconds,
    double practice,
    Map<String, String> sources) {

  /** Power of a DGX H100 (10.2 kW) over that of its eight GPUs (5.6 kW), rounded down. */
  private static final double SERVER_OVERHEAD = 1.6;

  /**
   * Published GPU-hours over planned ones: a round figure that meets the runs in docs/fleet.md
   * whose layout was not published.
   */
  static final double PRACTICE = 1.30;

  /** Least and most of the same ratio, rounded outwards. */
  static final double PRACTICE_LEAST = 0.85;

  static final double PRACTICE_MOST = 1.9;

  /** Power of a GPU whose data sheet names none: that of an H100. */
  static final double TYPICAL_GPU_WATTS = 700;

  /** Returns what is assumed where nothing is said. */
  public static Assumptions defaults() {
    Map<String, String> s = new LinkedHashMap<>();
    s.put("rent", "2.50 USD a GPU-hour: assumed, the order of H100 rents in 2024 and 2025");
    s.put("power price", "0.08 USD/kWh: assumed, the order of industrial prices in the USA");
    s.put("PUE", "1.1: assumed; Meta reports 1.08 to 1.10 for its fleet");
    s.put("carbon", "0.42 kg/kWh: the intensity of the Llama 2 and 3 model cards");
    s.put("server overhead", "1.6: NVIDIA DGX H100 data sheet, 10.2 kW with eight 700 W GPUs");
    s.put("failures", "1.97e-5 per GPU-hour: Llama 3 paper, table 5");
    s.put(
        "checkpoint",
        "10 s standing still: assumed; 5.7 TB of state at the 2 TB/s of Llama 3's storage take 3"
            + " s");
    s.put("restart", "600 s: assumed");
    s.put(
        "practice",
        "1.30: published GPU-hours over planned ones, see docs/fleet.md; range 0.85 to 1.9");
    return new Assumptions(
        2.5,
        0.08,
        1.1,
        0.42,
        SERVER_OVERHEAD,
        Interruptions.LLAMA3_PER_GPU_HOUR,
        10,
        600,
        PRACTICE,
        s);
  }

  /**
   * These assumptions, and that of its power where the chip's entry names none.
   *
   * @param chip what runs
   */
  public Assumptions on(Accelerator chip) {
    if (chip.tdpW().isPresent()) return this;
    Map<String, String> s = new LinkedHashMap<>(sources);
    s.put(
        "power of a GPU",
        String.format(
            Locale.ROOT,
            "%.0f W: assumed, that of an H100; no power is stated for %s",
            TYPICAL_GPU_WATTS,
            chip.name()));
    return copy(rentUsdPerHour, powerPriceUsdPerKwh, pue, carbonKgPerKwh, practice, s);
  }

  /**
   * These assumptions with what an inventory group says instead.
   *
   * @param g the group
   */
  public Assumptions with(Inventory.Group g) {
    Map<String, String> s = new LinkedHashMap<>(sources);
    g.rentUsdPerHour().ifPresent(v -> s.put("rent", v + " USD a GPU-hour: inventory"));
    g.powerPriceUsdPerKwh().ifPresent(v -> s.put("power price", v + " USD/kWh: inventory"));
    g.pue().ifPresent(v -> s.put("PUE", v + ": inventory"));
    g.carbonKgPerKwh().ifPresent(v -> s.put("carbon", v + " kg/kWh: inventory"));
    return copy(
        g.rentUsdPerHour().orElse(rentUsdPerHour),
        g.powerPriceUsdPerKwh().orElse(powerPriceUsdPerKwh),
        g.pue().orElse(pue),
        g.carbonKgPerKwh().orElse(carbonKgPerKwh),
        practice,
        s);
  }

  /**
   * These assumptions with another price of a GPU-hour.
   *
   * @param usd USD per hour
   */
  public Assumptions withRent(double usd) {
    Map<String, String> s = new LinkedHashMap<>(sources);
    s.put("rent", usd + " USD a GPU-hour: option");
    return copy(usd, powerPriceUsdPerKwh, pue, carbonKgPerKwh, practice, s);
  }

  /**
   * These assumptions for a run whose layout is known, so that no practice factor is needed.
   *
   * @param factor GPU-hours over those of iterations and interruptions
   */
  public Assumptions withPractice(double factor) {
    return copy(rentUsdPerHour, powerPriceUsdPerKwh, pue, carbonKgPerKwh, factor, sources);
  }

  /** These assumptions with what an inventory or an option may say. */
  private Assumptions copy(
      double rent,
      double powerPrice,
      double effectiveness,
      double carbon,
      double factor,
      Map<String, String> from) {
    return new Assumptions(
        rent,
        powerPrice,
        effectiveness,
        carbon,
        serverOverhead,
        interruptionsPerGpuHour,
        checkpointSeconds,
        restartSeconds,
        factor,
        from);
  }
}
