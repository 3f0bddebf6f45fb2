package org.puna.train.run;

/**
 * What a step was like.
 *
 * @param step from 0
 * @param loss mean over all counted tokens, in nats
 * @param gradNorm length of the gradient before clipping
 * @param lr learning rate
 * @param tokens read since the beginning, this step included
 * @param seconds it took
 * @param flops model FLOPs
 */
public record StepReport(
    long step, double loss, double gradNorm, double lr, long tokens, double seconds, double flops) {
  /** Returns tokens a second. */
  public double tokensPerSecond(long tokensPerStep) {
    return seconds > 0 ? tokensPerStep / seconds : 0;
  }
}
