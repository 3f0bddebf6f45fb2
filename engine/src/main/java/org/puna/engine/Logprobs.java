package org.puna.engine;

/** Log-probabilities of one step, taken before sampling changes the logits. */
final class Logprobs {
  private final float[] logits;
  private final int top;
  private final double logTotal;

  /**
   * Copies the logits.
   *
   * @param top likeliest tokens to report, at least 0
   */
  Logprobs(float[] logits, int top) {
    this.logits = logits.clone();
    this.top = top;
    logTotal = Math.log(Candidates.sumExp(logits)) + logits[Candidates.largest(logits)];
  }

  /** Returns those of a drawn token and of the likeliest ones. */
  GenerationEvent.Logprobs of(int token) {
    Candidates c = new Candidates();
    c.top(logits, Math.min(top, logits.length));
    int[] ids = c.ids();
    float[] values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) values[i] = (float) (logits[ids[i]] - logTotal);
    return new GenerationEvent.Logprobs((float) (logits[token] - logTotal), ids, values);
  }
}
