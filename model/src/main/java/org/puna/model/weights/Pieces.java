package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.puna.tensor.quant.BlockFormat;

/** Work on the rows of a tensor, in pieces of a few megabytes, on platform threads. */
public final class Pieces {
  private static final long PIECE_BYTES = 4L << 20;

  /** What takes the bytes of a piece. */
  public interface Sink {
    /**
     * Takes a piece; called by several threads.
     *
     * @param offset bytes from the start of the tensor
     * @param bytes the piece, valid during the call
     */
    void take(long offset, MemorySegment bytes);
  }

  private Pieces() {}

  /**
   * Produces all bytes of a tensor whose rows are of one format.
   *
   * @param rows the rows
   * @param threads platform threads to use, at least 1
   * @param sink receives every byte once
   */
  public static void forEach(Rows rows, int threads, Sink sink) {
    BlockFormat format = rows.format(0);
    long rowBytes = format.bytes(rows.rowElements());
    long wanted = Math.max(rows.batch(), Math.max(1, PIECE_BYTES / rowBytes));
    long limit = Math.max(1, Integer.MAX_VALUE / 2 / rowBytes);
    var tasks = new ArrayList<Runnable>();
    long all = rows.rows();
    for (long at = 0; at < all; ) {
      if (!rows.format(at).equals(format)) {
        throw new IllegalArgumentException("rows are of several formats");
      }
      long from = at;
      int n = (int) Math.min(Math.min(wanted, limit), rows.run(at));
      tasks.add(() -> {
        MemorySegment buffer = MemorySegment.ofArray(new byte[Math.toIntExact(n * rowBytes)]);
        rows.copy(from, n, buffer);
        sink.take(from * rowBytes, buffer);
      });
      at += n;
    }
    run(tasks, threads);
  }

  private static void run(List<Runnable> tasks, int threads) {
    if (threads == 1 || tasks.size() == 1) {
      tasks.forEach(Runnable::run);
      return;
    }
    try (var pool = Executors.newFixedThreadPool(Math.min(threads, tasks.size()))) {
      List<Future<?>> futures = new ArrayList<>();
      for (Runnable t : tasks) futures.add(pool.submit(t));
      try {
        for (Future<?> f : futures) f.get();
      } catch (ExecutionException e) {
        pool.shutdownNow();
        if (e.getCause() instanceof RuntimeException r) throw r;
        if (e.getCause() instanceof Error r) throw r;
        throw new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        pool.shutdownNow();
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
    }
  }
}
