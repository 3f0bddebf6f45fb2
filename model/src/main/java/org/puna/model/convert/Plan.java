package org.puna.model.convert;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.DoubleAdder;
import org.puna.model.weights.Pieces;
import org.puna.model.weights.Rows;
import org.puna.tensor.quant.BlockFormat;

/**
 * A tensor that will be written.
 *
 * @param name its name in the new file
 * @param source its rows as they are
 * @param to the format it gets
 * @param note what is unusual
 */
record Plan(String name, Rows source, BlockFormat to, String note) {
  /** Where bytes of the plan's tensors go. */
  interface Target {
    void write(int tensor, long offset, MemorySegment bytes);
  }

  long bytes() {
    return Math.multiplyExact(source.rows(), to.bytes(source.rowElements()));
  }

  private boolean changes() {
    for (long r = 0; r < source.rows(); r += source.run(r)) {
      if (!source.format(r).equals(to)) return true;
    }
    return false;
  }

  /**
   * Writes tensors one after another, each by all threads.
   *
   * @param threads platform threads
   * @param bytesBefore size of what is read, for the report
   */
  static Report run(
      List<Plan> plans, int threads, Progress progress, long bytesBefore, Target target) {
    long total = plans.stream().mapToLong(Plan::bytes).sum();
    var done = new AtomicLong();
    var reports = new ArrayList<Report.TensorReport>();
    for (int i = 0; i < plans.size(); i++) {
      int index = i;
      Plan p = plans.get(i);
      Rows rows = p.source.to(p.to);
      boolean changes = p.changes();
      var error = new EncodingError(p);
      Pieces.forEach(
          rows,
          threads,
          (offset, bytes) -> {
            target.write(index, offset, bytes);
            if (changes) error.add(offset, bytes);
            progress.at(done.addAndGet(bytes.byteSize()), total);
          });
      reports.add(
          new Report.TensorReport(
              p.name,
              Arrays.stream(p.source.shape()).boxed().toList(),
              p.source.format(0).name(),
              p.to.name(),
              p.bytes(),
              !changes ? OptionalDouble.empty() : OptionalDouble.of(error.relative()),
              p.note));
    }
    return new Report(reports, bytesBefore, total);
  }

  /** The error of encoding, summed over pieces. */
  private static final class EncodingError {
    private final Plan plan;
    private final int size;
    private final long rowBytes;
    private final DoubleAdder squares = new DoubleAdder();
    private final DoubleAdder errors = new DoubleAdder();

    EncodingError(Plan plan) {
      this.plan = plan;
      this.size = plan.source.rowElements();
      this.rowBytes = plan.to.bytes(size);
    }

    void add(long offset, MemorySegment encoded) {
      long from = offset / rowBytes;
      int n = (int) (encoded.byteSize() / rowBytes);
      float[] before = new float[size];
      float[] after = new float[size];
      double square = 0;
      double error = 0;
      for (int done = 0; done < n; ) {
        BlockFormat f = plan.source.format(from + done);
        int piece = (int) Math.min(n - done, plan.source.run(from + done));
        long inBytes = f.bytes(size);
        var in = MemorySegment.ofArray(new byte[Math.toIntExact(piece * inBytes)]);
        plan.source.copy(from + done, piece, in);
        for (int i = 0; i < piece; i++) {
          f.decode(in, i * inBytes, before, 0, size);
          plan.to.decode(encoded, (done + i) * rowBytes, after, 0, size);
          for (int j = 0; j < size; j++) {
            double d = (double) after[j] - before[j];
            error += d * d;
            square += (double) before[j] * before[j];
          }
        }
        done += piece;
      }
      errors.add(error);
      squares.add(square);
    }

    double relative() {
      double s = squares.sum();
      return s == 0 ? 0 : Math.sqrt(errors.sum() / s);
    }
  }
}
