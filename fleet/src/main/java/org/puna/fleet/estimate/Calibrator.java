package org.puna.fleet.estimate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.puna.model.config.ActivationMemory.Recompute;

/**
 * Fits the constants to measurements: Levenberg–Marquardt on the logarithm of prediction over
 * measurement, with Huber's weights so that a few disturbed measurements do not decide, extra
 * weight on errors that a plan could not be trusted with, and a pull of every constant towards its
 * start so that nothing is fitted that the rows do not show. What the constants leave of the rows
 * is remembered by the shape of a layer ({@link ShapeResiduals}), except of rows that name a
 * network of their own: those were measured elsewhere.
 */
public final class Calibrator {
  /** Error above which a row counts linearly: about the noise of repeated iterations. */
  private static final double HUBER = 0.02;

  /**
   * Errors between these bounds weigh more; beyond the second a row is taken for disturbed. Only
   * with many rows for each constant: there such errors come in whole regimes, while in a short
   * table they are single disturbed iterations that must not bend the constants.
   */
  private static final double TROUBLE = 0.13;

  private static final double DISTURBED = 0.40;
  private static final double TROUBLE_WEIGHT = 5;

  /** Weight of the pull towards the start against one row. */
  private static final double PULL = 1e-3;

  private static final int MANY_ROWS = 10 * Constant.values().length;
  private static final int STEPS = 150;
  private static final double DIFFERENCE = 1e-4;
  private static final double LARGEST_STEP = 0.7;
  private static final int FOLDS = 5;

  private static final Constant[] CONSTANTS = Constant.values();

  private final Conditions conditions;
  private final Calibration start;

  /**
   * A calibrator.
   *
   * @param conditions what the measurements were taken on
   * @param start where the constants start and are pulled to
   */
  public Calibrator(Conditions conditions, Calibration start) {
    this.conditions = conditions;
    this.start = start;
  }

  /**
   * The conditions under which a table's rows fit better: with no recomputation or with that of
   * whole layers, by a fit of at most 100 of its rows.
   *
   * @param machine what was measured on
   * @param rows the measurements
   */
  public static Conditions likelyConditions(Machine machine, List<Measurement> rows) {
    List<Measurement> some = new ArrayList<>();
    int stride = Math.max(1, rows.size() / 100);
    for (int i = 0; i < rows.size(); i += stride) some.add(rows.get(i));
    Conditions best = new Conditions(machine, Recompute.NONE);
    double least = Double.MAX_VALUE;
    for (Recompute r : new Recompute[] {Recompute.NONE, Recompute.FULL}) {
      Conditions c = new Conditions(machine, r);
      Calibrator calibrator = new Calibrator(c, Calibration.uncalibrated(c));
      double[] x = calibrator.solve(some);
      Calibration fitted =
          new Calibration("trial", "", c, calibrator.values(x), Calibration.Residuals.NONE);
      // The pull counts too: constants far from what is plausible speak against the conditions.
      double cost = mean(calibrator.errors(some, fitted));
      for (int j = 0; j < x.length; j++) cost += pull(j) * x[j] * x[j] / some.size();
      if (cost < least) {
        least = cost;
        best = c;
      }
    }
    return best;
  }

  /**
   * Fits the constants and states the residuals, also those of rows that a fit had not seen.
   *
   * @param name the name to use it by
   * @param description what was measured
   * @param rows the measurements
   */
  public Calibration fit(String name, String description, List<Measurement> rows) {
    Calibration fitted = fitted(name, description, rows);
    double[] errors = errors(rows, fitted);
    double[] unseen = crossValidate(rows);
    return new Calibration(
        name,
        description,
        conditions,
        fitted.values(),
        fitted.shapes(),
        new Calibration.Residuals(
            rows.size(), mean(errors), median(errors), max(errors), mean(unseen), max(unseen)));
  }

  /** Constants, and what they leave of the rows; the residuals are not stated. */
  private Calibration fitted(String name, String description, List<Measurement> rows) {
    Map<Constant, Double> values = values(solve(rows));
    Calibration constants =
        new Calibration(name, description, conditions, values, Calibration.Residuals.NONE);
    List<Measurement> here = rows.stream().filter(m -> m.scaleOutGBps().isEmpty()).toList();
    ShapeResiduals shapes =
        ShapeResiduals.of(
            here.stream().map(m -> m.run(conditions)).toList(),
            here.stream().mapToDouble(m -> -Math.log1p(error(m, constants))).toArray());
    return new Calibration(
        name, description, conditions, values, shapes, Calibration.Residuals.NONE);
  }

  /**
   * Errors, prediction over measurement minus one, of rows predicted by fits of the other four
   * fifths, in the order of {@code rows}.
   *
   * @param rows the measurements
   */
  public double[] crossValidate(List<Measurement> rows) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) order.add(i);
    Collections.shuffle(order, new Random(0));
    double[] errors = new double[rows.size()];
    for (int fold = 0; fold < FOLDS; fold++) {
      List<Measurement> train = new ArrayList<>();
      for (int i = 0; i < order.size(); i++) {
        if (i % FOLDS != fold) train.add(rows.get(order.get(i)));
      }
      if (train.isEmpty()) continue;
      Calibration c = fitted("fold", "", train);
      for (int i = fold; i < order.size(); i += FOLDS) {
        errors[order.get(i)] = error(rows.get(order.get(i)), c);
      }
    }
    return errors;
  }

  /**
   * Errors of all rows, prediction over measurement minus one.
   *
   * @param rows the measurements
   * @param c the constants
   */
  public double[] errors(List<Measurement> rows, Calibration c) {
    return rows.stream().mapToDouble(m -> error(m, c)).toArray();
  }

  private double error(Measurement m, Calibration c) {
    return predictMillis(m, c, conditions) / m.millis() - 1;
  }

  /**
   * Predicted milliseconds of a measurement.
   *
   * @param m the measurement
   * @param c the constants
   * @param conditions what it was taken on
   */
  public static double predictMillis(Measurement m, Calibration c, Conditions conditions) {
    return new IterationModel(c).seconds(m.run(conditions), m.machine(conditions)) * 1e3;
  }

  private Map<Constant, Double> values(double[] x) {
    Map<Constant, Double> v = new EnumMap<>(Constant.class);
    for (int j = 0; j < x.length; j++) {
      v.put(CONSTANTS[j], start.get(CONSTANTS[j]) * Math.exp(x[j]));
    }
    return v;
  }

  private double[] residuals(List<Prepared> rows, double[] x) {
    Calibration c = new Calibration("trial", "", conditions, values(x), Calibration.Residuals.NONE);
    IterationModel model = new IterationModel(c);
    return rows.parallelStream()
        .mapToDouble(p -> Math.log(model.seconds(p.run, p.machine) * 1e3 / p.millis))
        .toArray();
  }

  private record Prepared(TrainingRun run, Machine machine, double millis) {}

  /** The logarithms of the constants over their start that cost least. */
  private double[] solve(List<Measurement> measurements) {
    List<Prepared> rows =
        measurements.stream()
            .map(m -> new Prepared(m.run(conditions), m.machine(conditions), m.millis()))
            .toList();
    int k = CONSTANTS.length;
    double[] x = new double[k];
    double[] r = residuals(rows, x);
    double trouble = rows.size() < MANY_ROWS ? 0 : TROUBLE_WEIGHT;
    double cost = cost(r, x, trouble);
    double damping = 1e-2;
    for (int step = 0; step < STEPS; step++) {
      double[][] jacobian = new double[k][];
      for (int j = 0; j < k; j++) {
        double[] y = x.clone();
        y[j] += DIFFERENCE;
        double[] moved = residuals(rows, y);
        for (int i = 0; i < moved.length; i++) moved[i] = (moved[i] - r[i]) / DIFFERENCE;
        jacobian[j] = moved;
      }
      double[][] normal = new double[k][k];
      double[] gradient = new double[k];
      for (int i = 0; i < r.length; i++) {
        double w = weight(r[i], trouble);
        for (int j = 0; j < k; j++) {
          gradient[j] += w * jacobian[j][i] * r[i];
          for (int l = 0; l <= j; l++) normal[j][l] += w * jacobian[j][i] * jacobian[l][i];
        }
      }
      for (int j = 0; j < k; j++) {
        double pull = pull(j);
        gradient[j] += pull * x[j];
        normal[j][j] += pull;
        for (int l = 0; l < j; l++) normal[l][j] = normal[j][l];
      }
      double gain = 0;
      for (int trial = 0; trial < 12 && gain == 0; trial++) {
        double[] y = step(x, normal, gradient, damping);
        double[] ry = residuals(rows, y);
        double c = cost(ry, y, trouble);
        if (c < cost) {
          gain = (cost - c) / cost;
          x = y;
          r = ry;
          cost = c;
          damping = Math.max(1e-9, damping / 5);
        } else {
          damping *= 4;
        }
      }
      if (gain < 1e-6) break;
    }
    return x;
  }

  private static double[] step(double[] x, double[][] normal, double[] gradient, double damping) {
    double[][] a = new double[x.length][];
    for (int j = 0; j < x.length; j++) {
      a[j] = normal[j].clone();
      a[j][j] *= 1 + damping;
    }
    double[] d = LinearSystem.solve(a, gradient);
    double[] y = x.clone();
    for (int j = 0; j < x.length; j++) {
      y[j] -= Math.clamp(d[j], -LARGEST_STEP, LARGEST_STEP);
    }
    return y;
  }

  private static double pull(int j) {
    return PULL / (CONSTANTS[j].spread() * CONSTANTS[j].spread());
  }

  private static double weight(double residual, double trouble) {
    double a = Math.abs(residual);
    double w = a < HUBER ? 1 : HUBER / a;
    return a > TROUBLE && a < DISTURBED ? w + trouble * (a - TROUBLE) / a : w;
  }

  private static double cost(double[] residuals, double[] x, double troubleWeight) {
    double sum = 0;
    for (double r : residuals) {
      double a = Math.abs(r);
      sum += a < HUBER ? 0.5 * a * a : HUBER * (a - HUBER / 2);
      double trouble = Math.min(a, DISTURBED) - TROUBLE;
      if (trouble > 0) sum += 0.5 * troubleWeight * trouble * trouble;
    }
    for (int j = 0; j < x.length; j++) sum += 0.5 * pull(j) * x[j] * x[j];
    return Double.isFinite(sum) ? sum : Double.MAX_VALUE;
  }

  static double mean(double[] errors) {
    return Arrays.stream(errors).map(Math::abs).average().orElse(0);
  }

  static double median(double[] errors) {
    return ShapeResiduals.median(Arrays.stream(errors).map(Math::abs));
  }

  static double max(double[] errors) {
    return Arrays.stream(errors).map(Math::abs).max().orElse(0);
  }
}
