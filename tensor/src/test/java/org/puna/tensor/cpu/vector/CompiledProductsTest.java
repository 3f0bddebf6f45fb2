package org.puna.tensor.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.tensor.Repacking;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * The compiler expands the whole of every product. What it leaves a call returns its vectors in
 * objects, megabytes for a product, and takes ten times as long.
 */
class CompiledProductsTest {
  private static final List<String> FORMATS =
      List.of("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K");

  private static final List<String> INTERLEAVED = List.of("Q4_0", "Q4_K", "Q6_K");

  private static final int ROWS = 64;
  private static final int COLS = 2048;

  /** What is small beside an object for each vector, of which a product has more than 8,192. */
  private static final long FEW_BYTES = 16 << 10;

  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * Few rows before one, all formats before the next number of rows: methods that formats share
   * then have seen all of them, which makes each loop longer.
   */
  @ParameterizedTest
  @ValueSource(ints = {8, 4, Products.FEW + 1, 1})
  void allocateNoVectors(int rows) {
    for (String name : FORMATS) allocateNoVectors(name, rows, Repacking.NONE);
  }

  /** The same with interleaved copies, in the same process. */
  @ParameterizedTest
  @ValueSource(ints = {8, 4, 1})
  void allocateNoVectorsInterleaved(int rows) {
    for (String name : INTERLEAVED) allocateNoVectors(name, rows, Repacking.FLOAT32);
  }

  /** The same with activations that are rounded: a tile of rows, and one row. */
  @ParameterizedTest
  @ValueSource(ints = {8, 1})
  void allocateNoVectorsRounded(int rows) {
    allocateNoVectors("Q8_0", rows, Repacking.INT8);
    for (String name : INTERLEAVED) allocateNoVectors(name, rows, Repacking.INT8);
  }

  private void allocateNoVectors(String name, int rows, Repacking repacking) {
    BlockFormat format = BlockFormats.byName(name).orElseThrow();
    try (Arena arena = Arena.ofShared();
        Team team = new Team(1);
        Products products = new Products(repacking == Repacking.INT8)) {
      MemorySegment data = arena.allocate(format.bytes((long) ROWS * COLS), 64);
      Tensor w = new Tensor(format, new long[] {ROWS, COLS}, data);
      if (repacking != Repacking.NONE) products.repack(List.of(w), 0);
      float[] x = new float[rows * COLS];
      float[] y = new float[rows * ROWS];
      Arrays.fill(x, 1);
      long end = System.nanoTime() + MOST_NANOS;
      long bytes = Long.MAX_VALUE;
      while (bytes > FEW_BYTES && System.nanoTime() < end) {
        long before = threads.getCurrentThreadAllocatedBytes();
        products.linear(team, x, rows, w, null, y);
        bytes = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertThat(bytes).as("%s, %d rows", name, rows).isLessThanOrEqualTo(FEW_BYTES);
    }
  }
}
