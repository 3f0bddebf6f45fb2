package org.puna.train.loss;

/**
 * Direct preference optimisation of one pair: {@code −ln σ(β · margin)}, where the margin is how
 * much more the policy prefers the chosen answer than the reference does.
 *
 * @param loss of the pair
 * @param margin {@code (chosen − rejected)} of the policy less that of the reference, in nats
 * @param slope derivative of the loss by the policy's log-probability of the chosen answer; that by
 *     the rejected one is its negative
 * @see "Rafailov et al. 2023, Direct Preference Optimization, equation 7"
 */
public record Preference(double loss, double margin, double slope) {
  /**
   * Computes the loss of a pair from log-probabilities of whole answers.
   *
   * @param beta strength of the reference
   */
  public static Preference of(
      double beta,
      double chosen,
      double rejected,
      double referenceChosen,
      double referenceRejected) {
    double margin = (chosen - rejected) - (referenceChosen - referenceRejected);
    double z = beta * margin;
    // ln(1 + exp(−z)) without overflow.
    double loss = z > 0 ? Math.log1p(Math.exp(-z)) : -z + Math.log1p(Math.exp(z));
    return new Preference(loss, margin, -beta / (1 + Math.exp(z)));
  }
}
