package org.puna.model.gguf;

import java.util.Optional;

/** The types of metadata values, with their numbers in the file. */
public enum GgufType {
  /** Unsigned, 8 bits. */
  UINT8(0, 1),
  /** Signed, 8 bits. */
  INT8(1, 1),
  /** Unsigned, 16 bits. */
  UINT16(2, 2),
  /** Signed, 16 bits. */
  INT16(3, 2),
  /** Unsigned, 32 bits. */
  UINT32(4, 4),
  /** Signed, 32 bits. */
  INT32(5, 4),
  /** IEEE single. */
  FLOAT32(6, 4),
  /** One byte, zero is false. */
  BOOL(7, 1),
  /** A length of 64 bits and as many bytes of UTF-8. */
  STRING(8, 0),
  /** An element type, a count of 64 bits and the elements. */
  ARRAY(9, 0),
  /** Unsigned, 64 bits. */
  UINT64(10, 8),
  /** Signed, 64 bits. */
  INT64(11, 8),
  /** IEEE double. */
  FLOAT64(12, 8);

  private static final GgufType[] ALL = values();

  private final int id;
  private final int bytes;

  GgufType(int id, int bytes) {
    this.id = id;
    this.bytes = bytes;
  }

  /** Returns the number of the type in files. */
  public int id() {
    return id;
  }

  /** Returns the bytes of one value, 0 where they depend on the value. */
  public int bytes() {
    return bytes;
  }

  /** Returns whether values are whole numbers. */
  public boolean integer() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
    };
  }

  /** Returns the least bytes that one value can take in a file. */
  int leastBytes() {
    return switch (this) {
      case STRING -> 8;
      case ARRAY -> 12;
      default -> bytes;
    };
  }

  static Optional<GgufType> byId(long id) {
    return id >= 0 && id < ALL.length ? Optional.of(ALL[(int) id]) : Optional.empty();
  }
}
