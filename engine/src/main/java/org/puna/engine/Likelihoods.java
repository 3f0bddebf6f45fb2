package org.puna.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Program;

/**
 * How likely a model finds continuations of contexts: several sequences share each step, and a
 * sequence's numbers do not depend on which others those are. One thread uses it.
 */
public final class Likelihoods implements AutoCloseable {
  private final Program program;
  private final KvCache cache;
  private final Batch batch;
  private final int contextLength;
  private final int sequences;
  private final int[][] pages;
  private final float[] logits;

  /**
   * A context and what follows it.
   *
   * @param context token ids, at least one
   * @param continuation token ids, at least one
   */
  public record Query(int[] context, int[] continuation) {
    /** Checks that both are there. */
    public Query {
      if (context.length == 0 || continuation.length == 0) {
        throw new BadInput("likelihood: expected a context and a continuation of at least 1 token");
      }
    }
  }

  /**
   * What the model thinks of a continuation.
   *
   * @param logProbability natural logarithm of its probability given the context
   * @param greedy whether each of its tokens is the likeliest one
   */
  public record Likelihood(double logProbability, boolean greedy) {}

  private static final class Running {
    final int[] all;
    final int scored;
    final int[] pages;
    int fed;
    double sum;
    boolean greedy = true;

    Running(Query q, int contextLength, int[] pages) {
      int[] whole = Arrays.copyOf(q.context(), q.context().length + q.continuation().length);
      System.arraycopy(q.continuation(), 0, whole, q.context().length, q.continuation().length);
      // The last token is predicted and never read; what is too long loses its beginning.
      int from = Math.max(0, whole.length - (contextLength + 1));
      all = Arrays.copyOfRange(whole, from, whole.length);
      scored = Math.min(q.continuation().length, all.length - 1);
      this.pages = pages;
    }

    int inputs() {
      return all.length - 1;
    }
  }

  /**
   * Compiles the graph.
   *
   * @param backend runs the graph; stays the caller's
   * @param graph from token ids to logits
   * @param contextLength positions of a sequence at most
   * @param sequences sequences that share a step
   * @param chunkTokens tokens of a step at most
   */
  public Likelihoods(
      Backend backend, Graph graph, int contextLength, int sequences, int chunkTokens) {
    if (sequences < 1) {
      throw new BadInput("batch: expected at least 1 sequence, found " + sequences);
    }
    this.contextLength = contextLength;
    this.sequences = sequences;
    program = backend.compile(graph, chunkTokens, chunkTokens);
    int each = Math.ceilDiv(contextLength, EngineOptions.PAGE_TOKENS);
    cache = backend.cache(graph, each * sequences, EngineOptions.PAGE_TOKENS);
    batch = new Batch(chunkTokens, chunkTokens);
    pages = new int[sequences][each];
    for (int s = 0; s < sequences; s++) {
      for (int i = 0; i < each; i++) pages[s][i] = s * each + i;
    }
    logits = new float[graph.output().cols()];
  }

  /** Returns positions of a sequence at most. */
  public int contextLength() {
    return contextLength;
  }

  /**
   * Scores continuations.
   *
   * @param done told how many queries each step has finished
   * @return a likelihood for each query, in order
   */
  public List<Likelihood> of(List<Query> queries, IntConsumer done) {
    List<Likelihood> out = new ArrayList<>(queries.size());
    for (int from = 0; from < queries.size(); from += sequences) {
      int to = Math.min(queries.size(), from + sequences);
      List<Running> group = new ArrayList<>();
      for (int i = from; i < to; i++) {
        group.add(new Running(queries.get(i), contextLength, pages[i - from]));
      }
      score(group);
      for (Running r : group) out.add(new Likelihood(r.sum, r.greedy));
      done.accept(to - from);
    }
    return out;
  }

  private void score(List<Running> group) {
    record Share(Running of, int rows, int outputs) {}
    while (true) {
      batch.clear();
      List<Share> shares = new ArrayList<>();
      for (Running r : group) {
        int rows = Math.min(r.inputs() - r.fed, batch.room());
        if (rows <= 0) continue;
        // Input i predicts token i + 1; the last `scored` inputs are asked.
        int firstAsked = r.inputs() - r.scored;
        int outputs = Math.clamp(r.fed + rows - firstAsked, 0, rows);
        batch.add(r.all, r.fed, r.fed + rows, r.fed, r.pages, outputs);
        shares.add(new Share(r, rows, outputs));
      }
      if (shares.isEmpty()) return;
      program.run(batch, cache);
      int output = 0;
      for (Share s : shares) {
        s.of.fed += s.rows;
        for (int i = s.outputs; i > 0; i--) {
          program.read(output++, logits, 0);
          take(s.of, s.of.all[s.of.fed - i + 1]);
        }
      }
    }
  }

  private void take(Running r, int token) {
    r.sum -= Perplexity.negativeLogProbability(logits, token);
    r.greedy &= Candidates.largest(logits) == token;
  }

  @Override
  public void close() {
    program.close();
    cache.close();
  }
}
