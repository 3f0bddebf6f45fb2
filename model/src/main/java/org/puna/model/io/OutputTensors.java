package org.puna.model.io;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The tensors of a file that is being written: each has a place, their bytes come in any order and
 * from any thread, and the file appears once all of them are there.
 */
public final class OutputTensors implements AutoCloseable {
  private final OutputFile file;
  private final long[] offsets;
  private final long[] sizes;
  private final long expected;
  private final AtomicLong written = new AtomicLong();

  /**
   * Places in a file, which belongs to this from now on.
   *
   * @param file the file, with everything in it that is no tensor
   * @param offsets where each tensor begins
   * @param sizes bytes of each tensor
   */
  public OutputTensors(OutputFile file, long[] offsets, long[] sizes) {
    this.file = file;
    this.offsets = offsets.clone();
    this.sizes = sizes.clone();
    expected = Arrays.stream(sizes).sum();
  }

  /**
   * Writes a piece of a tensor; many threads may write different pieces at once.
   *
   * @param tensor its place in the list
   * @param offset bytes from the start of the tensor
   * @param bytes the piece
   * @throws org.puna.model.config.BadInput if the disk is full or refuses
   * @throws IndexOutOfBoundsException if the piece does not lie in the tensor
   */
  public void write(int tensor, long offset, MemorySegment bytes) {
    if (offset < 0 || offset > sizes[tensor] - bytes.byteSize()) {
      throw new IndexOutOfBoundsException(
          bytes.byteSize() + " bytes at " + offset + " of " + sizes[tensor]);
    }
    file.write(offsets[tensor] + offset, bytes);
    written.addAndGet(bytes.byteSize());
  }

  /**
   * Completes the file.
   *
   * @throws org.puna.model.config.BadInput if the disk is full or refuses
   * @throws IllegalStateException if not every byte was written
   */
  public void commit() {
    if (written.get() != expected) {
      throw new IllegalStateException(written.get() + " of " + expected + " bytes written");
    }
    file.commit();
  }

  @Override
  public void close() {
    file.close();
  }
}
