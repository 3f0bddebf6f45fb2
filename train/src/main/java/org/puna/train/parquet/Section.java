package org.puna.train.parquet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Part of a file as a stream that knows how much is left, so that sizes are checked in time. */
final class Section extends InputStream {
  private static final int BUFFER = 1 << 16;

  private final FileChannel file;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
  private final long end;
  private long next;

  Section(FileChannel file, long from, long bytes) {
    this.file = file;
    next = from;
    end = from + bytes;
  }

  /** Returns the bytes that are left. */
  long remaining() {
    return end - next + buffer.remaining();
  }

  private boolean fill() throws IOException {
    if (buffer.hasRemaining()) return true;
    if (next >= end) return false;
    buffer.clear().limit((int) Math.min(BUFFER, end - next));
    int n = file.read(buffer, next);
    buffer.flip();
    if (n < 0) throw new Damaged("the file ends early");
    next += n;
    return buffer.hasRemaining();
  }

  @Override
  public int read() throws IOException {
    return fill() ? buffer.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] to, int from, int length) throws IOException {
    if (length == 0) return 0;
    if (!fill()) return -1;
    int n = Math.min(length, buffer.remaining());
    buffer.get(to, from, n);
    return n;
  }
}
