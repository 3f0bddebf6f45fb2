package org.puna.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Draws the tokens of one generation. Keeps what penalties and the random numbers need; used by one
 * thread at a time.
 */
public final class Sampler {
  /** First guess of how many candidates hold the probability asked for; grows when it does not. */
  private static final int NUCLEUS = 256;

  private static final int[] NONE = {};

  private final Sampling s;
  private final Optional<Constraint> constraint;
  private final SplittableRandom random;
  private final Map<Integer, Integer> answered = new HashMap<>();
  private final Map<Integer, Boolean> seen = new HashMap<>();
  private final Candidates candidates = new Candidates();

  /**
   * A sampler at the start of an answer.
   *
   * @param prompt tokens before the answer
   */
  public Sampler(Sampling sampling, Optional<Constraint> constraint, int[] prompt) {
    this.s = sampling;
    this.constraint = constraint;
    this.random = new SplittableRandom(sampling.seed());
    if (s.repetitionPenalty() != 1) for (int id : prompt) seen.put(id, true);
  }

  /**
   * Draws a token and counts it as part of the answer.
   *
   * @param logits one for each token id; overwritten
   * @param remaining tokens that may still come, this one included
   * @return the drawn id
   * @throws NotNumbers if nothing can be drawn because of logits that are not numbers
   */
  public int sample(float[] logits, int remaining) {
    bias(logits);
    penalise(logits);
    if (constraint.isPresent()) mask(logits, constraint.get().allowed(remaining));
    int token = s.temperature() == 0 ? Candidates.largest(logits) : draw(logits);
    // What was drawn is a number unless there was none; so all others are looked at only then.
    if (!(logits[token] > Float.NEGATIVE_INFINITY)) checkNumbers(logits);
    accept(token);
    return token;
  }

  /**
   * Returns the tokens that the constraint forces now, and counts them as part of the answer.
   *
   * @param remaining tokens that may still come
   */
  int[] forced(int remaining) {
    if (constraint.isEmpty() || remaining < 1) return NONE;
    int[] tokens = constraint.get().forced(remaining);
    if (tokens.length > remaining) return NONE;
    for (int token : tokens) accept(token);
    return tokens;
  }

  /** Returns whether a constraint says that nothing can follow. */
  boolean finished() {
    return constraint.isPresent() && constraint.get().finished();
  }

  private void accept(int token) {
    if (constraint.isPresent()) constraint.get().accept(token);
    if (s.penalises()) {
      answered.merge(token, 1, Integer::sum);
      seen.put(token, true);
    }
  }

  private void bias(float[] logits) {
    if (s.logitBias().isEmpty()) return;
    s.logitBias()
        .forEach((id, bias) -> {
          if (id >= 0 && id < logits.length) logits[id] += bias.floatValue();
        });
  }

  private void penalise(float[] logits) {
    if (s.repetitionPenalty() != 1) {
      float r = (float) s.repetitionPenalty();
      for (int id : seen.keySet()) {
        if (id < logits.length) logits[id] = logits[id] > 0 ? logits[id] / r : logits[id] * r;
      }
    }
    if (s.presencePenalty() != 0 || s.frequencyPenalty() != 0) {
      answered.forEach(
          (id, n) -> logits[id] -= (float) (s.presencePenalty() + n * s.frequencyPenalty()));
    }
  }

  private static void mask(float[] logits, long[] allowed) {
    int known = Math.min(logits.length, allowed.length * Long.SIZE);
    for (int from = 0; from < known; from += Long.SIZE) {
      long word = allowed[from >> 6];
      int to = Math.min(known, from + Long.SIZE);
      if (word == 0) {
        Arrays.fill(logits, from, to, Float.NEGATIVE_INFINITY);
      } else if (word != -1) {
        for (int i = from; i < to; i++) {
          if ((word >>> i & 1) == 0) logits[i] = Float.NEGATIVE_INFINITY;
        }
      }
    }
    Arrays.fill(logits, known, logits.length, Float.NEGATIVE_INFINITY);
  }

  private static void checkNumbers(float[] logits) {
    for (float x : logits) if (Float.isNaN(x)) throw new NotNumbers("logits");
  }

  private int draw(float[] logits) {
    Candidates c = candidates;
    boolean ranked = s.topP() < 1 || s.typicalP() < 1;
    if (s.topK() > 0) c.top(logits, s.topK());
    else if (ranked) nucleus(logits, c);
    else c.all(logits);
    if (c.size() == 0) return Candidates.largest(logits);
    if (s.typicalP() < 1) c.typical(s.typicalP());
    if (s.topP() < 1) c.nucleus(s.topP());
    if (s.minP() > 0) c.atLeast(s.minP());
    return c.draw(s.temperature(), random.nextDouble());
  }

  /**
   * Takes as many of the likeliest candidates as the truncations that follow can keep: for top-p
   * the smallest power of sixteen times {@link #NUCLEUS} that holds the probability; the typical
   * set may hold any, so all of them.
   */
  private void nucleus(float[] logits, Candidates c) {
    if (s.typicalP() < 1) {
      c.top(logits, logits.length);
      return;
    }
    double total = Candidates.sumExp(logits);
    for (int k = NUCLEUS; ; k *= 16) {
      c.top(logits, Math.min(k, logits.length));
      if (k >= logits.length || c.mass(total) >= s.topP()) return;
    }
  }
}
