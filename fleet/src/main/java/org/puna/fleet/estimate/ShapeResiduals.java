package org.puna.fleet.estimate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * What one cluster's measurements say beyond the model about layers of the shapes that were
 * measured.
 *
 * <p>Tensor parallelism, width, heads and sequence decide the weights and the kind of all kernels
 * and collectives of a layer, whatever the pipeline and the replicas, and libraries choose their
 * kernels by shape, in jumps that no smooth formula follows. The logarithm of measured over
 * modelled time is therefore taken for a Gaussian process over the logarithms of these four, and
 * its posterior mean corrects a prediction: r(x) = Σ wᵢ · k(x, xᵢ) with (K + N) w = r (Rasmussen
 * and Williams 2006, Gaussian Processes for Machine Learning, eq. 2.25), r the median of all rows
 * of a shape, its micro-batches together. The weights follow from the measurements, and away from
 * measured shapes the correction vanishes. Disturbed shapes get more noise: N grows with the square
 * of what is left of a shape, as under errors of Student's t with one degree of freedom.
 *
 * <p>What this leaves of one micro-batch is remembered for that micro-batch alone, where many rows
 * (other depths, batches, pipelines, replicas) agree on it. In tables with few rows for each shape
 * it would be a constant for each row, which helps nobody whose row was not measured.
 *
 * @param shapes what was measured, each with its weight
 */
public record ShapeResiduals(List<Shape> shapes) {
  /** No measurement. */
  public static final ShapeResiduals NONE = new ShapeResiduals(List.of());

  /** Shapes that are remembered, the first of a table; the work is the cube of their number. */
  static final int MOST = 1500;

  /** Rows that a micro-batch of a shape needs to be remembered by itself. */
  static final int LEAST_ROWS = 5;

  /** The micro-batch of a shape that stands for all. */
  private static final int ANY = 0;

  /** What the model misses, one standard deviation of the logarithm. */
  private static final double SPREAD = 0.08;

  /** Noise of one measured iteration on another day or layout, likewise. */
  private static final double NOISE = 0.05;

  /** How many doublings of width two layers may be apart and still be alike. */
  private static final double WIDTH_REACH = 0.2;

  /** The same of tensor parallelism. */
  private static final double SPLIT_REACH = 0.5;

  /** The same of sequence and head. */
  private static final double ATTENTION_REACH = 1;

  private static final int ROUNDS = 5;

  /** Copies the shapes. */
  public ShapeResiduals {
    shapes = List.copyOf(shapes);
  }

  /**
   * What decides the kernels of a layer.
   *
   * @param tp GPUs that share the layer
   * @param width of the model
   * @param headDim of one attention head
   * @param seq tokens of a sequence
   * @param microBatch sequences of a micro-batch, 0 for any
   * @param weight of what was measured; of a micro-batch the logarithm that it adds
   */
  public record Shape(int tp, int width, int headDim, int seq, int microBatch, double weight) {
    static Shape of(TrainingRun run) {
      int width = run.model().dModel();
      int head = Math.max(1, width / run.model().attention().nHeads());
      return new Shape(run.layout().tp(), width, head, run.seq(), run.microBatch(), 0);
    }

    private Shape any() {
      return new Shape(tp, width, headDim, seq, ANY, 0);
    }

    private Shape weighing(double w) {
      return new Shape(tp, width, headDim, seq, microBatch, w);
    }

    /** What this remembered shape adds for another. */
    private double adds(Shape o) {
      if (microBatch == ANY) return weight * covariance(o);
      return weighing(0).equals(o.weighing(0)) ? weight : 0;
    }

    private double covariance(Shape o) {
      double apart =
          squared(width, o.width, WIDTH_REACH)
              + squared(tp, o.tp, SPLIT_REACH)
              + squared(seq, o.seq, ATTENTION_REACH)
              + squared(headDim, o.headDim, ATTENTION_REACH);
      return SPREAD * SPREAD * Math.exp(-apart / 2);
    }

    private static double squared(double a, double b, double reach) {
      double doublings = Math.log(a / b) / Math.log(2);
      return doublings * doublings / (reach * reach);
    }
  }

  /**
   * What measured runs leave to be remembered.
   *
   * @param runs what ran
   * @param logRatios logarithm of measured over modelled time of each
   */
  static ShapeResiduals of(List<TrainingRun> runs, double[] logRatios) {
    Map<Shape, List<Double>> whole = new LinkedHashMap<>();
    Map<Shape, List<Double>> each = new LinkedHashMap<>();
    for (int i = 0; i < runs.size(); i++) {
      Shape shape = Shape.of(runs.get(i));
      if (whole.size() < MOST || whole.containsKey(shape.any())) {
        whole.computeIfAbsent(shape.any(), s -> new ArrayList<>()).add(logRatios[i]);
        each.computeIfAbsent(shape, s -> new ArrayList<>()).add(logRatios[i]);
      }
    }
    ShapeResiduals smooth = smooth(List.copyOf(whole.keySet()), List.copyOf(whole.values()));
    List<Shape> all = new ArrayList<>(smooth.shapes);
    each.forEach((shape, ratios) -> {
      int n = ratios.size();
      if (n < LEAST_ROWS) return;
      double left = median(ratios) - smooth.sum(shape);
      all.add(shape.weighing(left * n / (n + NOISE * NOISE / (SPREAD * SPREAD))));
    });
    return new ShapeResiduals(all);
  }

  private static ShapeResiduals smooth(List<Shape> shapes, List<List<Double>> ratios) {
    int n = shapes.size();
    double[][] covariance = new double[n][n];
    double[] r = new double[n];
    double[] noise = new double[n];
    for (int i = 0; i < n; i++) {
      r[i] = median(ratios.get(i));
      noise[i] = NOISE * NOISE / ratios.get(i).size();
      for (int j = 0; j <= i; j++) {
        covariance[i][j] = shapes.get(i).covariance(shapes.get(j));
        covariance[j][i] = covariance[i][j];
      }
    }
    double[] weights = weights(covariance, r, noise);
    List<Shape> weighted = new ArrayList<>();
    for (int i = 0; i < n; i++) weighted.add(shapes.get(i).weighing(weights[i]));
    return new ShapeResiduals(weighted);
  }

  private static double[] weights(double[][] covariance, double[] r, double[] noise) {
    int n = r.length;
    double[] disturbed = noise.clone();
    double[] weights = new double[n];
    for (int round = 0; round < ROUNDS; round++) {
      double[][] a = new double[n][];
      for (int i = 0; i < n; i++) {
        a[i] = covariance[i].clone();
        a[i][i] += disturbed[i];
      }
      weights = LinearSystem.solve(a, r);
      for (int i = 0; i < n; i++) {
        // What is left of a shape is its weight times its noise.
        double left = weights[i] * disturbed[i] / (2 * NOISE);
        disturbed[i] = noise[i] * (1 + left * left);
      }
    }
    return weights;
  }

  private static double median(List<Double> values) {
    return median(values.stream().mapToDouble(Double::doubleValue));
  }

  /** Returns the middle number, the mean of the two in the middle, or 0 where there are none. */
  static double median(DoubleStream values) {
    double[] a = values.sorted().toArray();
    return a.length == 0 ? 0 : (a[(a.length - 1) / 2] + a[a.length / 2]) / 2;
  }

  /**
   * Logarithm of the factor by which measurements of such layers say that the model is too fast.
   *
   * @param run what runs, under the conditions of the measurements
   */
  double logRatio(TrainingRun run) {
    return sum(Shape.of(run));
  }

  private double sum(Shape here) {
    double sum = 0;
    for (Shape s : shapes) sum += s.adds(here);
    return sum;
  }
}
