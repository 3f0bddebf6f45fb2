package org.puna.app.run;

import java.util.SplittableRandom;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Program;

/** Runs one sequence of random tokens step by step, asking for the last logits only. */
final class BenchRunner implements AutoCloseable {
  private static final int PAGE_TOKENS = 32;

  private final Program program;
  private final KvCache cache;
  private final Batch batch;
  private final int[] pages;
  private final int chunk;
  private final int vocab;
  private final float[] logits;
  private final SplittableRandom random = new SplittableRandom(1);
  private int position;

  /**
   * Compiles the graph.
   *
   * @param positions tokens of the sequence at most
   * @param chunk tokens of one step at most
   */
  BenchRunner(Backend backend, Graph graph, int positions, int chunk) {
    this.chunk = Math.min(chunk, positions);
    vocab = graph.output().cols();
    program = backend.compile(graph, this.chunk, 1);
    int count = Math.ceilDiv(positions, PAGE_TOKENS);
    cache = backend.cache(graph, count, PAGE_TOKENS);
    batch = new Batch(this.chunk, 1);
    pages = new int[count];
    for (int i = 0; i < count; i++) {
      pages[i] = i;
    }
    logits = new float[vocab];
  }

  /** Begins a sequence with {@code depth} tokens. */
  void prepare(int depth) {
    position = 0;
    prompt(depth);
  }

  /** Reads {@code n} tokens in pieces. */
  void prompt(int n) {
    int[] ids = random.ints(n, 0, vocab).toArray();
    for (int from = 0; from < n; from += chunk) {
      step(ids, from, Math.min(n, from + chunk));
    }
  }

  /** Reads {@code n} tokens one by one, each time asking for logits as generating does. */
  void generate(int n) {
    int[] ids = random.ints(n, 0, vocab).toArray();
    for (int i = 0; i < n; i++) {
      step(ids, i, i + 1);
    }
  }

  private void step(int[] ids, int from, int to) {
    batch.clear();
    batch.add(ids, from, to, position, pages, 1);
    program.run(batch, cache);
    program.read(0, logits, 0);
    position += to - from;
  }

  @Override
  public void close() {
    program.close();
    cache.close();
  }
}
