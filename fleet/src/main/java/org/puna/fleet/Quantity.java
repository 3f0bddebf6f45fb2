package org.puna.fleet;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/**
 * A kind of physical quantity with the units that people may write for it. A bare number is
 * refused: 400 could be Gbit/s or GB/s, and a plan that is wrong by eight looks like any other. So
 * is a spelling whose case leaves bits (b) or bytes (B) open, such as {@code gb/s}.
 */
public enum Quantity {
  /** Link bandwidth of one chip, one way, in GB/s. */
  BANDWIDTH_GBPS(
      "GB/s",
      "450 GB/s",
      "GB/s",
      1,
      "TB/s",
      1000,
      "GBps",
      1,
      "TBps",
      1000,
      "Gbit/s",
      0.125,
      "Tbit/s",
      125,
      "Gb/s",
      0.125,
      "Tb/s",
      125,
      "Gbps",
      0.125,
      "Tbps",
      125),
  /** Memory bandwidth in TB/s. */
  BANDWIDTH_TBPS(
      "TB/s",
      "3.35 TB/s",
      "TB/s",
      1,
      "GB/s",
      1e-3,
      "Tbit/s",
      0.125,
      "Gbit/s",
      0.125e-3,
      "Tb/s",
      0.125,
      "Gb/s",
      0.125e-3),
  /** Arithmetic rate in TFLOP/s. */
  TFLOPS("TFLOP/s", "989 TFLOP/s", "TFLOP/s", 1, "TFLOPS", 1, "PFLOP/s", 1000, "PFLOPS", 1000),
  /** Memory size in GB. */
  MEMORY_GB(
      "GB",
      "80 GB",
      "GB",
      1,
      "TB",
      1000,
      "GiB",
      1.073741824,
      "Gbit",
      0.125,
      "Gb",
      0.125,
      "Tb",
      125),
  /** Power in W. */
  POWER_W("W", "700 W", "W", 1, "kW", 1000, "MW", 1e6, "mW", 1e-3),
  /** Money in USD. */
  USD("USD", "30000 USD", "USD", 1, "$", 1),
  /** Rent of one chip in USD per hour. */
  USD_PER_HOUR("USD/h", "2.50 USD/h", "USD/h", 1, "USD/hour", 1, "$/h", 1, "USD/month", 1 / 730.5),
  /** Price of electricity in USD/kWh. */
  USD_PER_KWH("USD/kWh", "0.08 USD/kWh", "USD/kWh", 1, "USD/MWh", 1e-3, "$/kWh", 1),
  /** Carbon intensity of electricity in kg CO₂ per kWh. */
  KG_PER_KWH("kg/kWh", "0.35 kg/kWh", "kg/kWh", 1, "g/kWh", 1e-3, "kgCO2/kWh", 1, "gCO2/kWh", 1e-3);

  private static final Pattern NUMBER =
      Pattern.compile("([+-]?[0-9][0-9_,.]*(?:[eE][+-]?[0-9]{1,3})?)\\s*(.*)");

  private final String unit;
  private final String example;
  private final Map<String, Double> factors = new LinkedHashMap<>();

  Quantity(String unit, String example, Object... pairs) {
    this.unit = unit;
    this.example = example;
    for (int i = 0; i < pairs.length; i += 2) {
      factors.put((String) pairs[i], ((Number) pairs[i + 1]).doubleValue());
    }
  }

  /** Returns the unit that {@link #parse} converts to. */
  public String unit() {
    return unit;
  }

  /**
   * Reads a number with its unit, such as {@code 400 Gbit/s}, into this quantity's own unit.
   *
   * @param text what the user wrote
   * @param where file, line and key, the start of every error
   * @return the value in {@link #unit()}, at least 0
   * @throws BadInput if the number or the unit is missing, unknown, ambiguous or negative
   */
  public double parse(String text, String where) {
    Matcher m = NUMBER.matcher(text.strip());
    if (!m.matches()) {
      throw new BadInput(
          where
              + ": expected a number with a unit, found \""
              + brief(text)
              + "\"; write for example "
              + example);
    }
    double n;
    try {
      n = Double.parseDouble(Digits.ungrouped(m.group(1), where));
    } catch (NumberFormatException e) {
      throw new BadInput(
          where + ": \"" + brief(text) + "\" is not a number; write for example " + example, e);
    }
    String found = m.group(2).strip();
    if (found.isEmpty()) {
      throw new BadInput(
          where
              + ": the unit is missing in \""
              + brief(text)
              + "\"; write for example "
              + example
              + " (known: "
              + String.join(", ", factors.keySet())
              + ")");
    }
    List<String> meant = meant(found.replace(" ", ""));
    if (meant.size() > 1) {
      throw new BadInput(
          where
              + ": \""
              + brief(found)
              + "\" may be "
              + String.join(" or ", meant)
              + ", which differ; write it in that case");
    }
    if (meant.isEmpty()) {
      throw new BadInput(
          where
              + ": unknown unit \""
              + brief(found)
              + "\"; write for example "
              + example
              + " (known: "
              + String.join(", ", factors.keySet())
              + ")");
    }
    if (n < 0) {
      throw new BadInput(
          where
              + ": must not be negative, found "
              + brief(text)
              + "; write for example "
              + example);
    }
    double value = n * factors.getOrDefault(meant.getFirst(), Double.NaN);
    if (!Double.isFinite(value)) {
      throw new BadInput(
          where + ": " + brief(text) + " is not a finite number; write for example " + example);
    }
    return value;
  }

  /**
   * The units that a spelling may stand for: itself where it is one, for the case tells bits (b)
   * from bytes (B); else all that differ from it in case alone.
   */
  private List<String> meant(String spelling) {
    if (factors.containsKey(spelling)) return List.of(spelling);
    return factors.keySet().stream().filter(spelling::equalsIgnoreCase).toList();
  }

  static String brief(String s) {
    String one = s.replaceAll("\\s+", " ");
    return one.length() <= 40 ? one : one.substring(0, 40) + "…";
  }
}
