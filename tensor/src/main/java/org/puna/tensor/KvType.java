package org.puna.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a cache stores keys and values. Fewer bytes hold more positions and are read faster in a long
 * context; the numbers are rounded.
 */
public enum KvType {
  /** Float32, exactly what the layers computed. */
  F32(Float.BYTES),

  /**
   * Half precision: an error of at most 1/2048 of a number from 6e-5 on, 3e-8 below; numbers beyond
   * 65,504 are stored as that.
   */
  F16(Short.BYTES),

  /**
   * Blocks of 32 numbers of one head as a half-precision scale and signed bytes, as Q8_0 of the
   * weights: an error of at most 1/254 of the largest number of a block.
   */
  Q8_0(34.0 / 32);

  /** Numbers that share a scale. */
  public static final int BLOCK = 32;

  private final double bytesPerNumber;

  KvType(double bytesPerNumber) {
    this.bytesPerNumber = bytesPerNumber;
  }

  /** Returns the bytes that a number takes. */
  public double bytesPerNumber() {
    return bytesPerNumber;
  }

  /** Returns whether heads of so many columns can be stored. */
  public boolean fits(int headDim) {
    return this != Q8_0 || headDim % BLOCK == 0;
  }

  /** Returns the name as command lines spell it. */
  public String spelled() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns all names as command lines spell them. */
  public static String allSpelled() {
    return Arrays.stream(values()).map(KvType::spelled).collect(Collectors.joining(", "));
  }

  /** Returns the type of a name in any case. */
  public static Optional<KvType> byName(String name) {
    return Arrays.stream(values()).filter(t -> t.name().equalsIgnoreCase(name)).findFirst();
  }
}
