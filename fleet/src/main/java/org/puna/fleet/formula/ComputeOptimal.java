package org.puna.fleet.formula;

/**
 * Model size and tokens that make best use of a budget of FLOPs, by published laws.
 *
 * @see "Hoffmann et al. 2022, Training Compute-Optimal Large Language Models; Llama Team 2024, The
 *     Llama 3 Herd of Models, section 3.2.1"
 */
public final class ComputeOptimal {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "C = 6·N·D with D = 20·N (Chinchilla, Hoffmann et al. 2022) or D = 0.29·C^0.538 (Llama 3"
          + " paper, section 3.2.1)";

  /** Tokens for each parameter at the optimum of Chinchilla. */
  private static final double CHINCHILLA_RATIO = 20;

  private static final double LLAMA3_FACTOR = 0.29;

  /**
   * Exponent of Llama 3's law. The paper prints 0.53 and the extrapolation 16.55T tokens at 3.8e25
   * FLOPs; two digits are too few to meet it, this value does.
   */
  private static final double LLAMA3_EXPONENT = 0.53785;

  private ComputeOptimal() {}

  /**
   * A model and its training set.
   *
   * @param law whose law
   * @param parameters N
   * @param tokens D
   */
  public record Optimum(String law, double parameters, double tokens) {}

  /**
   * Chinchilla's optimum: twenty tokens a parameter.
   *
   * @param flops the budget
   */
  public static Optimum chinchilla(double flops) {
    double n = Math.sqrt(flops / (6 * CHINCHILLA_RATIO));
    return new Optimum("Chinchilla", n, CHINCHILLA_RATIO * n);
  }

  /**
   * The optimum that Llama 3 405B was chosen by.
   *
   * @param flops the budget
   */
  public static Optimum llama3(double flops) {
    double d = LLAMA3_FACTOR * Math.pow(flops, LLAMA3_EXPONENT);
    return new Optimum("Llama 3", flops / (6 * d), d);
  }
}
