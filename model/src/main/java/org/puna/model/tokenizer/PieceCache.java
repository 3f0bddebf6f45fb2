package org.puna.model.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the ids of short pieces, since words repeat. Each piece has one place, where a newer
 * one replaces it. Threads share it without locks: an entry never changes, so that a reader sees a
 * whole one or none.
 */
final class PieceCache {
  /** Longest piece that is remembered, in bytes: two longs less the byte for the length. */
  static final int LONGEST = 15;

  /** Entries: some megabytes when full; more would not stay in a core's cache. */
  private static final int SIZE = 1 << 16;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** One piece: its bytes and length in two longs, and its ids. */
  record Entry(long low, long high, int[] ids) {}

  private final @Nullable Entry[] entries = new @Nullable Entry[SIZE];

  /** First eight bytes of a piece, zeros after its end. */
  static long low(byte[] s, int from, int length) {
    long low = (long) LONGS.get(s, from);
    return length < 8 ? low & ~(-1L << (length << 3)) : low;
  }

  /** The bytes after the eighth, zeros after the end, the length on top. */
  static long high(byte[] s, int from, int length) {
    long high = length <= 8 ? 0 : (long) LONGS.get(s, from + 8) & ~(-1L << ((length - 8) << 3));
    return high | (long) length << 56;
  }

  /** The ids of a piece, or null where it is not remembered. */
  int @Nullable [] get(long low, long high) {
    Entry entry = entries[place(low, high)];
    return entry != null && entry.low == low && entry.high == high ? entry.ids : null;
  }

  void put(long low, long high, int[] ids) {
    entries[place(low, high)] = new Entry(low, high, ids);
  }

  private static int place(long low, long high) {
    long h = (low ^ high * 0x9E3779B97F4A7C15L) * 0xC2B2AE3D27D4EB4FL;
    return (int) (h >>> 48);
  }
}
