package org.puna.model.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Little-endian numbers at any alignment. */
final class Le {
  static final ValueLayout.OfShort I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Le() {}

  /** Returns a whole number; of UINT64 the bits. */
  static long integer(GgufType type, MemorySegment s, long at) {
    return switch (type) {
      case UINT8 -> s.get(ValueLayout.JAVA_BYTE, at) & 0xFFL;
      case INT8 -> s.get(ValueLayout.JAVA_BYTE, at);
      case UINT16 -> s.get(I16, at) & 0xFFFFL;
      case INT16 -> s.get(I16, at);
      case UINT32 -> s.get(I32, at) & 0xFFFF_FFFFL;
      case INT32 -> s.get(I32, at);
      case UINT64, INT64 -> s.get(I64, at);
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY ->
          throw new IllegalArgumentException(type + " is not a whole number");
    };
  }

  static double real(GgufType type, MemorySegment s, long at) {
    return switch (type) {
      case FLOAT32 -> Float.intBitsToFloat(s.get(I32, at));
      case FLOAT64 -> Double.longBitsToDouble(s.get(I64, at));
      default -> throw new IllegalArgumentException(type + " is not a real number");
    };
  }

  /** Returns the text behind a length of 64 bits. Bytes that are not UTF-8 become U+FFFD. */
  static String text(MemorySegment s, long at) {
    byte[] utf8 = s.asSlice(at + 8, s.get(I64, at)).toArray(ValueLayout.JAVA_BYTE);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  static byte[] textBytes(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[8 + utf8.length];
    MemorySegment.ofArray(out).set(I64, 0, utf8.length);
    System.arraycopy(utf8, 0, out, 8, utf8.length);
    return out;
  }
}
