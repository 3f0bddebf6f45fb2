package org.puna.train.eval;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.puna.engine.Likelihoods;
import org.puna.engine.Likelihoods.Likelihood;
import org.puna.engine.Likelihoods.Query;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;

/**
 * Scores texts: bits that a model needs for a byte of them. Each text begins anew; one that is
 * longer than the context is cut into windows, each predicted from what comes before in it and from
 * as much of the text before it as the context still holds, one token at least. Texts are scored as
 * they come, so that a corpus need not be in memory.
 *
 * @see "EleutherAI lm-evaluation-harness: loglikelihood_rolling with windows that do not overlap"
 */
public final class BitsPerByte {
  /** Tokens that wait at most, enough for every sequence of a step to have some. */
  private static final int WAITING = 1 << 16;

  private final Likelihoods likelihoods;
  private final Pairs pairs;
  private final IntConsumer done;
  private final List<Query> waiting = new ArrayList<>();
  private long waitingTokens;
  private int texts;
  private long bytes;
  private long tokens;
  private double sum;

  /**
   * A score of no text yet.
   *
   * @param done told how many windows are done
   */
  public BitsPerByte(Likelihoods likelihoods, Tokenizer tokenizer, IntConsumer done) {
    this.likelihoods = likelihoods;
    this.pairs = new Pairs(tokenizer);
    this.done = done;
  }

  /** Adds a whole document. */
  public void add(String text) {
    texts++;
    bytes += text.getBytes(StandardCharsets.UTF_8).length;
    int[] ids = pairs.encodeFromBegin(text);
    tokens += ids.length - 1;
    int window = likelihoods.contextLength();
    for (int from = 1; from < ids.length; from += window) {
      int to = Math.min(ids.length, from + window);
      int first = Math.max(0, to - window - 1);
      waiting.add(
          new Query(Arrays.copyOfRange(ids, first, from), Arrays.copyOfRange(ids, from, to)));
      waitingTokens += to - first;
      if (waitingTokens >= WAITING) work();
    }
  }

  private void work() {
    for (Likelihood l : likelihoods.of(waiting, done)) sum += l.logProbability();
    waiting.clear();
    waitingTokens = 0;
  }

  /** Returns how many texts were added. */
  public int texts() {
    return texts;
  }

  /**
   * Returns the score of all texts.
   *
   * @param task its name
   * @throws BadInput if there was nothing to score
   */
  public Score score(String task) {
    if (tokens == 0) throw new BadInput("eval " + task + ": the texts are empty");
    work();
    Map<String, Double> m = new LinkedHashMap<>();
    m.put("bits_per_byte", -sum / Math.log(2) / bytes);
    m.put("byte_perplexity", Math.exp(-sum / bytes));
    m.put("token_perplexity", Math.exp(-sum / tokens));
    return new Score(task, texts, m);
  }
}
