package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * The twelve bytes that Q4_K and Q5_K keep eight 6-bit scales and eight 6-bit minima in: bytes 0 to
 * 3 hold the first four scales, 4 to 7 the first four minima; the nibbles of bytes 8 to 11 hold the
 * low four bits of the others, the top two bits of bytes 0 to 7 their high two.
 */
final class KScales {
  private KScales() {}

  /** Returns scale {@code i} of the twelve bytes at {@code offset}. */
  static int scale(MemorySegment s, long offset, int i) {
    if (i < 4) return LittleEndian.u8(s, offset + i) & 63;
    return LittleEndian.u8(s, offset + 4 + i) & 15 | LittleEndian.u8(s, offset + i - 4) >> 6 << 4;
  }

  /** Returns minimum {@code i} of the twelve bytes at {@code offset}. */
  static int min(MemorySegment s, long offset, int i) {
    if (i < 4) return LittleEndian.u8(s, offset + 4 + i) & 63;
    return LittleEndian.u8(s, offset + 4 + i) >> 4 | LittleEndian.u8(s, offset + i) >> 6 << 4;
  }

  /** Writes eight scales and eight minima, each from 0 to 63. */
  static void put(MemorySegment s, long offset, int[] scales, int[] mins) {
    for (int i = 0; i < 4; i++) {
      LittleEndian.put8(s, offset + i, scales[i] | scales[i + 4] >> 4 << 6);
      LittleEndian.put8(s, offset + 4 + i, mins[i] | mins[i + 4] >> 4 << 6);
      LittleEndian.put8(s, offset + 8 + i, scales[i + 4] & 15 | (mins[i + 4] & 15) << 4);
    }
  }
}
