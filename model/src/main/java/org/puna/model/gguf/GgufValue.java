package org.puna.model.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.puna.model.io.Names;

/**
 * One value of metadata, kept as its bytes in the file's encoding and decoded when asked for.
 *
 * <p>A value of a mapped file must not be used after that file is closed.
 *
 * @param type its type
 * @param bytes its encoding, already known to be well-formed
 */
public record GgufValue(GgufType type, MemorySegment bytes) {
  private static final int SHOWN_ELEMENTS = 4;

  /** Returns a text. */
  public static GgufValue of(String text) {
    return new GgufValue(GgufType.STRING, MemorySegment.ofArray(Le.textBytes(text)));
  }

  /** Returns a truth value. */
  public static GgufValue of(boolean value) {
    return new GgufValue(GgufType.BOOL, MemorySegment.ofArray(new byte[] {(byte) (value ? 1 : 0)}));
  }

  /** Returns an array. */
  public static GgufValue of(GgufArray array) {
    return new GgufValue(GgufType.ARRAY, MemorySegment.ofArray(array.encoded()));
  }

  /** Returns a FLOAT32. */
  public static GgufValue f32(float value) {
    return integer(GgufType.UINT32, Float.floatToRawIntBits(value), GgufType.FLOAT32);
  }

  /** Returns a FLOAT64. */
  public static GgufValue f64(double value) {
    return integer(GgufType.UINT64, Double.doubleToRawLongBits(value), GgufType.FLOAT64);
  }

  /** Returns a UINT32. */
  public static GgufValue u32(long value) {
    return integer(GgufType.UINT32, value);
  }

  /**
   * Returns a whole number.
   *
   * @param type an integer type
   * @param value cut to the type's bits
   */
  public static GgufValue integer(GgufType type, long value) {
    if (!type.integer()) throw new IllegalArgumentException(type + " is not a whole number");
    return integer(type, value, type);
  }

  private static GgufValue integer(GgufType width, long value, GgufType type) {
    byte[] out = new byte[width.bytes()];
    for (int i = 0; i < out.length; i++) out[i] = (byte) (value >>> 8 * i);
    return new GgufValue(type, MemorySegment.ofArray(out));
  }

  /** Returns the whole number; of UINT64 the bits. */
  public long integer() {
    return Le.integer(type, bytes, 0);
  }

  /** Returns the real number. */
  public double real() {
    return Le.real(type, bytes, 0);
  }

  /** Returns the truth value. */
  public boolean bool() {
    require(GgufType.BOOL);
    return bytes.get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  /** Returns the text; bytes that are not UTF-8 become U+FFFD. */
  public String text() {
    require(GgufType.STRING);
    return Le.text(bytes, 0);
  }

  /** Returns the array. */
  public GgufArray array() {
    require(GgufType.ARRAY);
    return arrayAt(bytes, 0);
  }

  /** Describes the value on one line: its type and the beginning of what it holds. */
  @Override
  public String toString() {
    return switch (type) {
      case STRING -> "STRING " + Names.quote(text());
      case ARRAY -> shown(array());
      case BOOL -> "BOOL " + bool();
      case FLOAT32, FLOAT64 -> type + " " + real();
      case UINT64 -> "UINT64 " + Long.toUnsignedString(integer());
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, INT64 -> type + " " + integer();
    };
  }

  private static String shown(GgufArray a) {
    var out = new StringBuilder("ARRAY of " + a.size() + " " + a.element());
    if (a.element() == GgufType.ARRAY) return out.toString();
    out.append(" [");
    for (int i = 0; i < Math.min(SHOWN_ELEMENTS, a.size()); i++) {
      if (i > 0) out.append(", ");
      out.append(
          switch (a.element()) {
            case STRING -> Names.quote(a.text(i));
            case BOOL -> a.bool(i);
            case FLOAT32, FLOAT64 -> a.real(i);
            default -> a.integer(i);
          });
    }
    return out.append(a.size() > SHOWN_ELEMENTS ? ", …]" : "]").toString();
  }

  private void require(GgufType wanted) {
    if (type != wanted) {
      throw new IllegalArgumentException("found " + type + ", asked for " + wanted);
    }
  }

  static GgufArray arrayAt(MemorySegment s, long at) {
    long length = length(GgufType.ARRAY, s, at);
    return new GgufArray(
        GgufType.byId(s.get(Le.I32, at)).orElseThrow(),
        Math.toIntExact(s.get(Le.I64, at + 4)),
        s.asSlice(at + 12, length - 12));
  }

  /** Returns the bytes of a well-formed value. */
  static long length(GgufType type, MemorySegment s, long at) {
    return switch (type) {
      case STRING -> 8 + s.get(Le.I64, at);
      case ARRAY -> {
        GgufType element = GgufType.byId(s.get(Le.I32, at)).orElseThrow();
        long count = s.get(Le.I64, at + 4);
        if (element.bytes() > 0) yield 12 + count * element.bytes();
        long end = at + 12;
        for (long i = 0; i < count; i++) end += length(element, s, end);
        yield end - at;
      }
      default -> type.bytes();
    };
  }
}
