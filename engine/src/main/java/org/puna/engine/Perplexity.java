package org.puna.engine;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import org.puna.model.config.BadInput;

/**
 * How well a model foresees a text. The tokens are cut into windows of equal length; in each window
 * every token of the second half is predicted from all before it in the window, so that each
 * prediction has at least half a window of context. What does not fill a window at the end is left
 * out.
 *
 * @param windows windows scored
 * @param tokens tokens predicted
 * @param nll mean negative log-likelihood, nats per token
 * @param standardError of {@code nll}, taking tokens as independent
 * @see "the same cut as llama.cpp's llama-perplexity, so that figures can be compared"
 */
public record Perplexity(int windows, long tokens, double nll, double standardError) {
  /** Returns the perplexity: exp of the mean negative log-likelihood. */
  public double value() {
    return Math.exp(nll);
  }

  /** Returns the standard error of {@link #value()}, to first order. */
  public double valueError() {
    return value() * standardError;
  }

  /**
   * Scores a text.
   *
   * @param evaluator a model with a context of at least {@code window}
   * @param ids the text's tokens
   * @param window tokens in a window, at least 2
   * @param bos put in the place of each window's first token, where the model wants one
   * @param progress receives the windows done and the perplexity so far
   * @throws BadInput if the text does not fill one window
   * @throws NotNumbers if the model gives no probabilities
   */
  public static Perplexity of(
      Evaluator evaluator,
      int[] ids,
      int window,
      OptionalInt bos,
      BiConsumer<Integer, Perplexity> progress) {
    if (window < 2) throw new BadInput("perplexity: a window needs 2 tokens, found " + window);
    if (ids.length < window) {
      throw new BadInput(
          "perplexity: the text has "
              + ids.length
              + " tokens, a window needs "
              + window
              + "; give a longer text or a smaller --ctx");
    }
    Sums sums = new Sums();
    int windows = ids.length / window;
    for (int w = 0; w < windows; w++) {
      int[] part = Arrays.copyOfRange(ids, w * window, (w + 1) * window);
      int[] input = part.clone();
      if (bos.isPresent()) input[0] = bos.getAsInt();
      evaluator.reset();
      // Position p predicts token p + 1, so the last one predicts nothing in this window.
      evaluator.feed(
          input,
          window - window / 2,
          (position, logits) -> {
            if (position + 1 < window) sums.add(negativeLogProbability(logits, part[position + 1]));
          });
      progress.accept(w + 1, sums.result(w + 1));
    }
    return sums.result(windows);
  }

  /**
   * Returns −ln of the probability that logits give to a token.
   *
   * @throws NotNumbers if that is not a number
   */
  static double negativeLogProbability(float[] logits, int token) {
    double nll =
        Math.log(Candidates.sumExp(logits)) + logits[Candidates.largest(logits)] - logits[token];
    if (Double.isNaN(nll)) throw new NotNumbers("logits");
    return nll;
  }

  private static final class Sums {
    private long n;
    private double sum;
    private double squares;

    void add(double nll) {
      n++;
      sum += nll;
      squares += nll * nll;
    }

    Perplexity result(int windows) {
      double mean = sum / n;
      double variance = n > 1 ? Math.max(0, (squares - n * mean * mean) / (n - 1)) : 0;
      return new Perplexity(windows, n, mean, Math.sqrt(variance / n));
    }
  }
}
