package org.puna.fleet.estimate;

import java.util.EnumMap;
import java.util.Map;

/**
 * Values of the model's constants, and how well they met the measurements they were fitted to.
 *
 * @param name the name it is used by
 * @param description what was measured, on what
 * @param conditions what was measured on
 * @param values each constant
 * @param shapes what the measurements say beyond the constants of layers like those measured
 * @param fit the residuals of the fit, all zero where nothing was fitted
 */
public record Calibration(
    String name,
    String description,
    Conditions conditions,
    Map<Constant, Double> values,
    ShapeResiduals shapes,
    Residuals fit) {

  /**
   * Residuals, prediction over measurement minus one.
   *
   * @param rows measurements
   * @param meanAbsolute mean of the absolute errors
   * @param medianAbsolute their median
   * @param worst the largest
   * @param unseenMeanAbsolute mean of the absolute errors of rows that a fit had not seen, five
   *     folds
   * @param unseenWorst the largest of those
   */
  public record Residuals(
      int rows,
      double meanAbsolute,
      double medianAbsolute,
      double worst,
      double unseenMeanAbsolute,
      double unseenWorst) {
    /** No measurements. */
    public static final Residuals NONE = new Residuals(0, 0, 0, 0, 0, 0);
  }

  /** Copies the values and fills in what is missing. */
  public Calibration {
    EnumMap<Constant, Double> all = new EnumMap<>(Constant.class);
    for (Constant c : Constant.values()) all.put(c, values.getOrDefault(c, c.start()));
    values = all;
  }

  /**
   * A calibration by its constants alone.
   *
   * @param name the name it is used by
   * @param description what was measured, on what
   * @param conditions what was measured on
   * @param values each constant
   * @param fit the residuals of the fit
   */
  public Calibration(
      String name,
      String description,
      Conditions conditions,
      Map<Constant, Double> values,
      Residuals fit) {
    this(name, description, conditions, values, ShapeResiduals.NONE, fit);
  }

  /**
   * The constants as they stand before any measurement.
   *
   * @param conditions what will be measured on
   */
  public static Calibration uncalibrated(Conditions conditions) {
    return new Calibration(
        "uncalibrated", "starting values, no measurement", conditions, Map.of(), Residuals.NONE);
  }

  /**
   * The value of a constant.
   *
   * @param c which
   */
  public double get(Constant c) {
    return values.getOrDefault(c, c.start());
  }
}
