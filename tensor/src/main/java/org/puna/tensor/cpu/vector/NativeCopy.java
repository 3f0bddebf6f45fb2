package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.puna.tensor.Tensor;

/**
 * Weights as native memory, so that the hot loops only ever see one kind of segment: those that lie
 * in an array are copied, some rows at a time. Belongs to one member of a team.
 */
final class NativeCopy {
  private final Arena arena;
  private MemorySegment bytes = MemorySegment.NULL;

  NativeCopy(Arena arena) {
    this.arena = arena;
  }

  /**
   * Returns rows {@code from} to {@code to}: a copy at offset 0 where they lie in an array, else
   * all of the weights.
   */
  MemorySegment rows(Tensor w, long from, long to) {
    if (w.data().isNative()) return w.data();
    long at = from * w.rowBytes();
    long size = to * w.rowBytes() - at;
    if (bytes.byteSize() < size) bytes = arena.allocate(size, 64);
    MemorySegment.copy(w.data(), at, bytes, 0, size);
    return bytes;
  }

  /** Returns where row {@code from} starts in what {@link #rows} returned. */
  static long start(Tensor w, long from) {
    return w.data().isNative() ? from * w.rowBytes() : 0;
  }
}
