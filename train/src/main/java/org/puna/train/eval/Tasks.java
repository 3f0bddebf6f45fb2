package org.puna.train.eval;

import java.util.ArrayList;
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
 * Scores tasks that ask how likely continuations are. A choice is written after one space; {@code
 * acc} takes the choice of the greatest likelihood, {@code acc_norm} of the greatest likelihood per
 * character.
 *
 * @see "EleutherAI lm-evaluation-harness: loglikelihood, multiple_choice, winogrande, lambada"
 */
public final class Tasks {
  private final Likelihoods likelihoods;
  private final Pairs pairs;

  /** Tasks of a model. */
  public Tasks(Likelihoods likelihoods, Tokenizer tokenizer) {
    this.likelihoods = likelihoods;
    this.pairs = new Pairs(tokenizer);
  }

  /**
   * Returns the queries that items take, for a progress bar.
   *
   * @throws BadInput if an item is a word problem, which {@link Problems} scores
   */
  public static int queries(List<Item> items) {
    int n = 0;
    for (Item i : items) {
      n +=
          switch (i) {
            case Item.Choice c -> c.choices().size();
            case Item.Contexts c -> c.contexts().size();
            case Item.LastWord w -> 1;
            case Item.Problem p -> throw notHere();
          };
    }
    return n;
  }

  private static BadInput notHere() {
    return new BadInput("eval: word problems are solved, not compared");
  }

  /**
   * Scores items of one kind.
   *
   * @param task its name
   * @param done told how many queries are done
   * @throws BadInput if items of several kinds are mixed
   */
  public Score score(String task, List<Item> items, IntConsumer done) {
    Item first = items.getFirst();
    for (Item i : items) {
      if (!i.getClass().equals(first.getClass())) {
        throw new BadInput("eval " + task + ": expected items of one kind, found several");
      }
    }
    List<Query> queries = new ArrayList<>();
    for (Item i : items) queries(i, queries);
    List<Likelihood> all = likelihoods.of(queries, done);
    return switch (first) {
      case Item.Choice c -> choices(task, items, all);
      case Item.Contexts c -> contexts(task, items, all);
      case Item.LastWord w -> lastWords(task, all);
      case Item.Problem p -> throw notHere();
    };
  }

  private void queries(Item item, List<Query> out) {
    switch (item) {
      case Item.Choice c -> c.choices().forEach(x -> out.add(pairs.query(c.context(), " " + x)));
      case Item.Contexts c ->
          c.contexts().forEach(x -> out.add(pairs.query(x, " " + c.continuation())));
      case Item.LastWord w -> out.add(pairs.query(w.context(), " " + w.continuation()));
      case Item.Problem p -> throw notHere();
    }
  }

  private static Score choices(String task, List<Item> items, List<Likelihood> all) {
    int right = 0;
    int rightByLength = 0;
    int at = 0;
    for (Item item : items) {
      if (!(item instanceof Item.Choice c)) continue;
      double[] sums = new double[c.choices().size()];
      double[] perCharacter = new double[sums.length];
      for (int i = 0; i < sums.length; i++) {
        sums[i] = all.get(at++).logProbability();
        String choice = c.choices().get(i);
        perCharacter[i] = sums[i] / choice.codePointCount(0, choice.length());
      }
      if (largest(sums) == c.gold()) right++;
      if (largest(perCharacter) == c.gold()) rightByLength++;
    }
    int n = items.size();
    Map<String, Double> m = new LinkedHashMap<>();
    put(m, "acc", (double) right / n, n);
    put(m, "acc_norm", (double) rightByLength / n, n);
    return new Score(task, n, m);
  }

  private static void put(Map<String, Double> metrics, String name, double mean, int n) {
    metrics.put(name, mean);
    metrics.put(name + "_stderr", Score.standardError(mean, n));
  }

  private static int largest(double[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) if (x[i] > x[best]) best = i;
    return best;
  }

  private static Score contexts(String task, List<Item> items, List<Likelihood> all) {
    int right = 0;
    int at = 0;
    for (Item item : items) {
      if (!(item instanceof Item.Contexts c)) continue;
      double[] sums = new double[c.contexts().size()];
      for (int i = 0; i < sums.length; i++) sums[i] = all.get(at++).logProbability();
      if (largest(sums) == c.gold()) right++;
    }
    Map<String, Double> m = new LinkedHashMap<>();
    put(m, "acc", (double) right / items.size(), items.size());
    return new Score(task, items.size(), m);
  }

  private static Score lastWords(String task, List<Likelihood> all) {
    int right = 0;
    double sum = 0;
    for (Likelihood l : all) {
      if (l.greedy()) right++;
      sum += l.logProbability();
    }
    Map<String, Double> m = new LinkedHashMap<>();
    put(m, "acc", (double) right / all.size(), all.size());
    m.put("perplexity", Math.exp(-sum / all.size()));
    return new Score(task, all.size(), m);
  }
}
