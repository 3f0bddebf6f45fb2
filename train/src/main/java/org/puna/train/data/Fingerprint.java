package org.puna.train.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** A short text that changes with what was added, in the order in which it was. */
public final class Fingerprint {
  /** Bytes that are copied at a time. */
  private static final int PIECE = 1 << 16;

  private final CRC32C crc = new CRC32C();
  private long bytes;

  /** Nothing yet. */
  public Fingerprint() {}

  /** Adds a text. */
  public Fingerprint add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds token ids. */
  public Fingerprint add(int[] ids) {
    return add(MemorySegment.ofArray(ids));
  }

  /** Adds flags. */
  public Fingerprint add(boolean[] flags) {
    byte[] b = new byte[flags.length];
    for (int i = 0; i < b.length; i++) b[i] = (byte) (flags[i] ? 1 : 0);
    return add(b);
  }

  /** Adds all bytes. */
  public Fingerprint add(MemorySegment all) {
    for (long at = 0; at < all.byteSize(); at += PIECE) {
      add(all.asSlice(at, Math.min(PIECE, all.byteSize() - at)).toArray(ValueLayout.JAVA_BYTE));
    }
    return this;
  }

  /** Adds the first and the last bytes, which tell the matrices of two models apart. */
  public Fingerprint addEnds(MemorySegment all) {
    long n = Math.min(PIECE, all.byteSize());
    return add(all.asSlice(0, n)).add(all.asSlice(all.byteSize() - n));
  }

  private Fingerprint add(byte[] b) {
    crc.update(b);
    bytes += b.length;
    return this;
  }

  /** Returns the text. */
  public String text() {
    return bytes + ":" + Long.toHexString(crc.getValue());
  }
}
