package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads and writes the little-endian fields of blocks, at any alignment. */
final class LittleEndian {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  /** Returns the signed byte at {@code offset}. */
  static byte i8(MemorySegment s, long offset) {
    return s.get(ValueLayout.JAVA_BYTE, offset);
  }

  /** Returns the unsigned byte at {@code offset}. */
  static int u8(MemorySegment s, long offset) {
    return s.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
  }

  static short i16(MemorySegment s, long offset) {
    return s.get(SHORT, offset);
  }

  static int i32(MemorySegment s, long offset) {
    return s.get(INT, offset);
  }

  static long i64(MemorySegment s, long offset) {
    return s.get(LONG, offset);
  }

  /** Returns the half-precision number at {@code offset} as float32. */
  static float half(MemorySegment s, long offset) {
    return Half.toFloat(s.get(SHORT, offset));
  }

  /** Writes the low eight bits of {@code v}. */
  static void put8(MemorySegment s, long offset, int v) {
    s.set(ValueLayout.JAVA_BYTE, offset, (byte) v);
  }

  static void put16(MemorySegment s, long offset, short v) {
    s.set(SHORT, offset, v);
  }

  static void put32(MemorySegment s, long offset, int v) {
    s.set(INT, offset, v);
  }

  static void put64(MemorySegment s, long offset, long v) {
    s.set(LONG, offset, v);
  }
}
