package org.puna.engine;

/** Log-probabilities in one place of a sequence, from logits that sampling has not changed. */
final class Logprobs {
  private final float[] logits;
  private final int top;
  private final double logTotal;

  /**
   * Sums up the logits.
   *
   * @param logits stay as they are until {@link #of} has been called
   * @param top likeliest tokens to report, at least 0
   */
  Logprobs(float[] logits, int top) {
    this.logits = logits;
    this.top = top;
    logTotal = Math.log(Candidates.sumExp(logits)) + logits[Candidates.largest(logits)];
  }

  /** Returns those of a token and of the likeliest ones. */
  GenerationEvent.Logprobs of(int token) {
    Candidates c = new Candidates();
    c.top(logits, Math.min(top, logits.length));
    int[] ids = c.ids();
    float[] values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) values[i] = (float) (logits[ids[i]] - logTotal);
    return new GenerationEvent.Logprobs((float) (logits[token] - logTotal), ids, values);
  }
}
