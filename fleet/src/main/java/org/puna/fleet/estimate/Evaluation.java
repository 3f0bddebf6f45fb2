package org.puna.fleet.estimate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Predictions beside measurements.
 *
 * @param rows each measurement
 * @param meanAbsolute mean of the absolute errors
 * @param medianAbsolute their median
 * @param worst the largest
 */
public record Evaluation(List<Row> rows, double meanAbsolute, double medianAbsolute, double worst) {

  /**
   * One measurement.
   *
   * @param measurement what was measured
   * @param calibration the constants' name
   * @param predictedMillis what the model says
   * @param error prediction over measurement minus one
   */
  public record Row(
      Measurement measurement, String calibration, double predictedMillis, double error) {}

  /**
   * Predicts measurements.
   *
   * @param measurements the rows
   * @param calibration the constants for each row
   */
  public static Evaluation of(
      List<Measurement> measurements, Function<Measurement, Calibration> calibration) {
    List<Row> rows = new ArrayList<>();
    for (Measurement m : measurements) {
      Calibration c = calibration.apply(m);
      double predicted = Calibrator.predictMillis(m, c, c.conditions());
      rows.add(new Row(m, c.name(), predicted, predicted / m.millis() - 1));
    }
    double[] errors = rows.stream().mapToDouble(Row::error).toArray();
    return of(rows, errors);
  }

  /**
   * Predictions of rows that the fit had not seen, five folds.
   *
   * @param measurements the rows
   * @param calibrator fits each fold
   */
  public static Evaluation crossValidated(List<Measurement> measurements, Calibrator calibrator) {
    double[] errors = calibrator.crossValidate(measurements);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < errors.length; i++) {
      Measurement m = measurements.get(i);
      rows.add(new Row(m, "five folds", m.millis() * (1 + errors[i]), errors[i]));
    }
    return of(rows, errors);
  }

  private static Evaluation of(List<Row> rows, double[] errors) {
    return new Evaluation(
        List.copyOf(rows),
        Calibrator.mean(errors),
        Calibrator.median(errors),
        Arrays.stream(errors).map(Math::abs).max().orElse(0));
  }
}
