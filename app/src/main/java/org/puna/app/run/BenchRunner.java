package org.puna.app.run;

import java.util.SplittableRandom;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;
import org.puna.tensor.Program;
import org.puna.tensor.Repacked;

/** Runs sequences of random tokens step by step, asking for the last logits of each only. */
final class BenchRunner implements AutoCloseable {
  private static final int PAGE_TOKENS = 32;

  private final Repacked repacked;
  private final Program program;
  private final KvCache cache;
  private final Batch batch;
  private final int[][] pages;
  private final int chunk;
  private final int vocab;
  private final float[] logits;
  private final SplittableRandom random = new SplittableRandom(1);
  private int position;

  /** Positions that the cache holds. */
  private int filled;

  /**
   * Compiles the graph for one sequence.
   *
   * @param positions tokens of the sequence at most
   * @param chunk tokens of one step at most
   * @param kv how the cache stores keys and values
   * @throws BadInput if this model's cannot be stored so
   */
  BenchRunner(Backend backend, Graph graph, int positions, int chunk, KvType kv) {
    this(backend, graph, positions, chunk, kv, 1);
  }

  /**
   * Compiles the graph.
   *
   * @param positions tokens of a sequence at most
   * @param chunk tokens of one step at most
   * @param kv how the cache stores keys and values
   * @param streams sequences that run together
   * @throws BadInput if this model's cannot be stored so
   */
  BenchRunner(Backend backend, Graph graph, int positions, int chunk, KvType kv, int streams) {
    this.chunk = Math.min(chunk, positions);
    vocab = graph.output().cols();
    int count = Math.ceilDiv(positions, PAGE_TOKENS);
    try {
      cache = backend.cache(graph, Math.multiplyExact(count, streams), PAGE_TOKENS, kv);
    } catch (IllegalArgumentException e) {
      throw new BadInput("--kv " + kv.spelled() + ": " + e.getMessage(), e);
    }
    int rows = Math.max(this.chunk, streams);
    program = backend.compile(graph, rows, streams);
    // What an engine comes to with its first answers.
    repacked = backend.repack(graph, 0);
    batch = new Batch(rows, streams);
    pages = new int[streams][count];
    for (int s = 0; s < streams; s++) {
      for (int i = 0; i < count; i++) {
        pages[s][i] = s * count + i;
      }
    }
    logits = new float[vocab];
  }

  /**
   * Has the sequences go on after {@code depth} tokens, which are read once: what came later in
   * them is overwritten.
   */
  void prepare(int depth) {
    if (filled < depth) {
      position = filled;
      prompt(depth - filled);
    }
    position = depth;
  }

  /** Reads {@code n} tokens of each sequence in pieces, one sequence after the other. */
  void prompt(int n) {
    int[] ids = random.ints(n, 0, vocab).toArray();
    for (int[] table : pages) {
      for (int from = 0; from < n; from += chunk) {
        int to = Math.min(n, from + chunk);
        batch.clear();
        batch.add(ids, from, to, position + from, table, 1);
        program.run(batch, cache);
        program.read(0, logits, 0);
      }
    }
    position += n;
    filled = Math.max(filled, position);
  }

  /**
   * Reads {@code n} tokens of each sequence one by one, all sequences together, each time asking
   * for logits as generating does.
   */
  void generate(int n) {
    int[] ids = random.ints(n, 0, vocab).toArray();
    for (int i = 0; i < n; i++) {
      batch.clear();
      for (int[] table : pages) {
        batch.add(ids, i, i + 1, position, table, 1);
      }
      program.run(batch, cache);
      for (int s = 0; s < pages.length; s++) {
        program.read(s, logits, 0);
      }
      position++;
    }
    filled = Math.max(filled, position);
  }

  @Override
  public void close() {
    program.close();
    repacked.close();
    cache.close();
  }
}
