package org.puna.fleet;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/**
 * A kind of physical quantity with the units that people may write for it. A bare number is
 * refused: 400 could be Gbit/s or GB/s, and a plan that is wrong by eight looks like any other.
 */
public enum Quantity {
  /** Link bandwidth of one chip, one way, in GB/s. */
  BANDWIDTH_GBPS("GB/s", "450 GB/s", "gb/s", 1, "tb/s", 1000, "gbit/s", 0.125, "tbit/s", 125),
  /** Memory bandwidth in TB/s. */
  BANDWIDTH_TBPS("TB/s", "3.35 TB/s", "tb/s", 1, "gb/s", 1e-3),
  /** Arithmetic rate in TFLOP/s. */
  TFLOPS("TFLOP/s", "989 TFLOP/s", "tflop/s", 1, "tflops", 1, "pflop/s", 1000, "pflops", 1000),
  /** Memory size in GB. */
  MEMORY_GB("GB", "80 GB", "gb", 1, "tb", 1000, "gib", 1.073741824),
  /** Power in W. */
  POWER_W("W", "700 W", "w", 1, "kw", 1000, "mw", 1e6),
  /** Money in USD. */
  USD("USD", "30000 USD", "usd", 1, "$", 1),
  /** Rent of one chip in USD per hour. */
  USD_PER_HOUR("USD/h", "2.50 USD/h", "usd/h", 1, "usd/hour", 1, "$/h", 1, "usd/month", 1 / 730.5),
  /** Price of electricity in USD/kWh. */
  USD_PER_KWH("USD/kWh", "0.08 USD/kWh", "usd/kwh", 1, "usd/mwh", 1e-3, "$/kwh", 1),
  /** Carbon intensity of electricity in kg CO₂ per kWh. */
  KG_PER_KWH("kg/kWh", "0.35 kg/kWh", "kg/kwh", 1, "g/kwh", 1e-3, "kgco2/kwh", 1, "gco2/kwh", 1e-3);

  private static final Pattern NUMBER =
      Pattern.compile("([+-]?[0-9][0-9_,]*(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)\\s*(.*)");

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
   * @throws BadInput if the number or the unit is missing, unknown or negative
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
      n = Double.parseDouble(m.group(1).replace("_", "").replace(",", ""));
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
    Double factor = factors.get(found.toLowerCase(Locale.ROOT).replace(" ", ""));
    if (factor == null) {
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
    double value = n * factor;
    if (!Double.isFinite(value)) {
      throw new BadInput(
          where + ": " + brief(text) + " is not a finite number; write for example " + example);
    }
    return value;
  }

  static String brief(String s) {
    String one = s.replaceAll("\\s+", " ");
    return one.length() <= 40 ? one : one.substring(0, 40) + "…";
  }
}
