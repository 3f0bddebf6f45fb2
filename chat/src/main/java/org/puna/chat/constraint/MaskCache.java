package org.puna.chat.constraint;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The masks used last, of all grammars of one vocabulary. Safe for use by many threads. */
final class MaskCache {
  /** Bytes of the masks that are kept: some four thousand of a vocabulary of 128 thousand. */
  private static final long MAX_BYTES = 64L << 20;

  private final Map<Key, long[]> masks = new LinkedHashMap<>(256, 0.75f, true);
  private long bytes;
  private int owners;

  private record Key(int owner, int state) {}

  /** Returns a number for a grammar, under which its states do not meet those of others. */
  synchronized int newOwner() {
    return owners++;
  }

  synchronized Optional<long[]> get(int owner, int state) {
    return Optional.ofNullable(masks.get(new Key(owner, state)));
  }

  synchronized void put(int owner, int state, long[] mask) {
    long[] before = masks.put(new Key(owner, state), mask);
    bytes += (mask.length - (before == null ? 0 : before.length)) * (long) Long.BYTES;
    Iterator<long[]> oldest = masks.values().iterator();
    while (bytes > MAX_BYTES && oldest.hasNext()) {
      bytes -= oldest.next().length * (long) Long.BYTES;
      oldest.remove();
    }
  }
}
