package org.puna.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.Random;
import org.puna.model.config.BadInput;

/** Broken files by the thousand, and what readers must do with them. */
public final class Hostile {
  /**
   * Heap that reading a file of a few kilobytes may take: far above what it takes, far below what a
   * believed length of 2^31 would.
   */
  private static final long MAX_HEAP_BYTES = 32L << 20;

  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    255,
    256,
    65535,
    65536,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 31,
    1L << 32,
    (1L << 32) - 1,
    1L << 40,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 7
  };

  private Hostile() {}

  /** Returns a broken copy: bytes replaced, cut off, doubled, or numbers replaced by extremes. */
  public static byte[] mutate(byte[] valid, Random random, int header) {
    byte[] out = valid.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(random.nextInt(8) == 0 ? out.length : Math.min(header, out.length));
      switch (random.nextInt(6)) {
        case 0 -> out[at] = (byte) random.nextInt();
        case 1 -> out[at] ^= (byte) (1 << random.nextInt(8));
        case 2, 3 -> number(out, at, EXTREMES[random.nextInt(EXTREMES.length)], 8);
        case 4 -> number(out, at, EXTREMES[random.nextInt(EXTREMES.length)], 4);
        default -> out = random.nextInt(3) > 0 ? out : java.util.Arrays.copyOf(out, 1 + at);
      }
    }
    return out;
  }

  private static void number(byte[] out, int at, long value, int bytes) {
    if (at + bytes > out.length) return;
    MemorySegment s = MemorySegment.ofArray(out);
    if (bytes == 8) {
      s.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at, value);
    } else {
      s.set(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at, (int) value);
    }
  }

  /**
   * Runs a reader: it must end well or with a message of one line, and take little heap.
   *
   * @return whether it ended well
   */
  public static boolean survives(Runnable reader) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    boolean well = true;
    try {
      reader.run();
    } catch (BadInput e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n").doesNotContain("\r");
      well = false;
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_HEAP_BYTES);
    return well;
  }
}
