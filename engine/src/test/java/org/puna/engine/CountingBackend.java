package org.puna.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;
import org.puna.tensor.Op;
import org.puna.tensor.Program;
import org.puna.tensor.Value;

/**
 * A fake model whose next token is a function of every token before it, read back from the pages:
 * the likeliest token is (sum of all tokens so far + length) mod vocabulary. A scheduler that mixes
 * up pages, positions or outputs cannot answer right.
 */
final class CountingBackend implements Backend {
  static final int VOCAB = 97;

  final AtomicInteger computedTokens = new AtomicInteger();
  final List<Integer> stepSizes = new ArrayList<>();
  volatile int failAtStep = -1;
  volatile long stepNanos;
  volatile int mostOutputs = Integer.MAX_VALUE;

  /** Where it is set, each step takes a permit. */
  volatile Semaphore gate;

  static Graph graph() {
    Op op =
        new Op.Scale(
            new Value(1, Value.Rows.OUTPUTS, 1, VOCAB),
            new Value(0, Value.Rows.OUTPUTS, 1, VOCAB),
            1);
    return new Graph(List.of(op), op.out(), List.of());
  }

  static int next(List<Integer> tokens) {
    int sum = tokens.size();
    for (int t : tokens) sum += t;
    return sum % VOCAB;
  }

  @Override
  public String name() {
    return "counting";
  }

  @Override
  public String describe() {
    return "counting: a fake";
  }

  @Override
  public Program compile(Graph graph, int maxTokens, int maxOutputs) {
    if (maxOutputs > mostOutputs) throw new IllegalArgumentException("planted: too many outputs");
    return new Program() {
      private final List<Integer> results = new ArrayList<>();

      @Override
      public void run(Batch batch, KvCache cache) {
        if (stepSizes.size() == failAtStep) {
          failAtStep = -1;
          throw new IllegalStateException("planted failure");
        }
        if (gate != null) gate.acquireUninterruptibly();
        if (stepNanos > 0) java.util.concurrent.locks.LockSupport.parkNanos(stepNanos);
        assert batch.tokens() <= maxTokens && batch.outputs() <= maxOutputs;
        stepSizes.add(batch.tokens());
        computedTokens.addAndGet(batch.tokens());
        results.clear();
        Pages pages = (Pages) cache;
        for (int p = 0; p < batch.parts(); p++) {
          Batch.Part part = batch.part(p);
          for (int i = 0; i < part.rows(); i++) {
            int position = part.firstPosition() + i;
            pages.write(part.pages(), position, batch.token(part.firstRow() + i));
          }
        }
        for (int o = 0; o < batch.outputs(); o++) {
          int row = batch.outputRow(o);
          for (int p = 0; p < batch.parts(); p++) {
            Batch.Part part = batch.part(p);
            if (row >= part.firstRow() && row < part.firstRow() + part.rows()) {
              List<Integer> all = new ArrayList<>();
              for (int i = 0; i <= batch.position(row); i++) all.add(pages.read(part.pages(), i));
              results.add(next(all));
            }
          }
        }
      }

      @Override
      public void read(int output, float[] dst, int at) {
        for (int i = 0; i < VOCAB; i++) dst[at + i] = i == results.get(output) ? 5 : 0;
      }

      @Override
      public long bytes() {
        return 0;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public KvCache cache(Graph graph, int pages, int pageTokens, KvType type) {
    return new Pages(pages, pageTokens);
  }

  @Override
  public void close() {}

  private static final class Pages implements KvCache {
    private final int[][] tokens;
    private final int pageTokens;

    Pages(int pages, int pageTokens) {
      tokens = new int[pages][pageTokens];
      this.pageTokens = pageTokens;
    }

    void write(int[] table, int position, int token) {
      tokens[table[position / pageTokens]][position % pageTokens] = token;
    }

    int read(int[] table, int position) {
      return tokens[table[position / pageTokens]][position % pageTokens];
    }

    @Override
    public int pageTokens() {
      return pageTokens;
    }

    @Override
    public int pages() {
      return tokens.length;
    }

    @Override
    public long pageBytes() {
      return 4L * pageTokens;
    }

    @Override
    public long bytes() {
      return pages() * pageBytes();
    }

    @Override
    public void copy(int fromPage, int toPage, int n) {
      System.arraycopy(tokens[fromPage], 0, tokens[toPage], 0, n);
    }

    @Override
    public void close() {}
  }
}
