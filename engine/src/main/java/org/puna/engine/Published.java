package org.puna.engine;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Numbers that one thread writes together, again and again, and any thread reads together, without
 * a lock or an object for each time.
 *
 * @see "Lameter 2005, Effective Synchronization on Linux/NUMA Systems: seqlocks"
 */
final class Published {
  private final AtomicLong version = new AtomicLong();
  private final AtomicLongArray values;

  Published(int size) {
    values = new AtomicLongArray(size);
  }

  /** Begins writing: what is read from now on is read again. */
  void begin() {
    version.setOpaque(version.getOpaque() + 1);
    VarHandle.storeStoreFence();
  }

  /** Writes one number, between {@link #begin} and {@link #end}. */
  void set(int index, long value) {
    values.setOpaque(index, value);
  }

  /** Ends writing. */
  void end() {
    version.setRelease(version.getOpaque() + 1);
  }

  /** Returns the numbers as they were written together. */
  long[] read() {
    long[] copy = new long[values.length()];
    while (true) {
      long before = version.getAcquire();
      for (int i = 0; i < copy.length; i++) copy[i] = values.getOpaque(i);
      VarHandle.loadLoadFence();
      if (before % 2 == 0 && version.getOpaque() == before) return copy;
      Thread.onSpinWait();
    }
  }
}
