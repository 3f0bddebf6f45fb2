package org.puna.fleet.formula;

import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * PaLM's utilisation, for comparison with published figures; plans count only the scores that a
 * token may see. Observed tokens per second over the tokens per second that peak FLOP/s would
 * allow, where a token costs 6·N + 12·L·H·Q·T FLOPs.
 *
 * @see "Chowdhery et al. 2022, PaLM, appendix B"
 */
public final class ModelFlopsUtilization {
  private ModelFlopsUtilization() {}

  /**
   * Utilisation between 0 and 1.
   *
   * @param model the model
   * @param seq tokens of a sequence
   * @param tokensPerSecond observed
   * @param chips how many
   * @param peakFlops of one chip
   */
  public static double of(
      ModelConfig model, int seq, double tokensPerSecond, double chips, double peakFlops) {
    double perToken =
        6.0 * ModelSize.activeParameters(model).total()
            + ModelSize.trainingFlops(model, seq, ModelSize.AttentionCount.FULL).attention();
    return tokensPerSecond * perToken / (chips * peakFlops);
  }
}
