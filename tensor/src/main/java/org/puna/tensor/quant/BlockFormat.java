package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;

/**
 * How a row of numbers is laid out in bytes: a sequence of equal blocks, each holding {@link
 * #blockElements()} numbers in {@link #blockBytes()} bytes, little-endian. Plain types such as F32
 * are blocks of one element.
 *
 * <p>Implementations are stateless and safe for use by many threads. Names and ids are those of
 * ggml, so that a GGUF file's types map one to one.
 *
 * @see "ggml, the layouts in ggml-common.h and the reference in gguf-py's quants.py"
 */
public interface BlockFormat {
  /** Returns ggml's name of the type, such as {@code Q8_0}. */
  String name();

  /** Returns ggml's number of the type, as GGUF files store it. */
  int id();

  /** Returns the numbers in one block, at least 1. */
  int blockElements();

  /** Returns the bytes of one block, at least 1. */
  int blockBytes();

  /**
   * Decodes {@code n} numbers to float32 in the reference's order of operations.
   *
   * @param src bytes, any alignment
   * @param offset bytes from the start of {@code src} to the first block
   * @param dst receives {@code n} floats from index {@code at}
   * @param n numbers to decode, a multiple of {@link #blockElements()}
   * @throws IllegalArgumentException if {@code n} is not a multiple of the block
   * @throws IndexOutOfBoundsException if either side is too short
   */
  void decode(MemorySegment src, long offset, float[] dst, int at, int n);

  /** Returns whether {@link #encode} is available. */
  boolean canEncode();

  /**
   * Encodes {@code n} float32 numbers.
   *
   * @param src numbers from index {@code at}
   * @param n numbers to encode, a multiple of {@link #blockElements()}
   * @param dst receives {@code n / blockElements · blockBytes} bytes from {@code offset}
   * @throws UnsupportedOperationException if {@link #canEncode()} is false
   * @throws IllegalArgumentException if {@code n} is not a multiple of the block
   */
  void encode(float[] src, int at, int n, MemorySegment dst, long offset);

  /**
   * Returns the bytes that {@code elements} numbers take.
   *
   * @param elements a multiple of {@link #blockElements()}
   * @throws IllegalArgumentException if it is not a multiple, or the product overflows
   */
  default long bytes(long elements) {
    if (elements < 0 || elements % blockElements() != 0) {
      throw new IllegalArgumentException(
          name() + ": " + elements + " numbers are not whole blocks of " + blockElements());
    }
    try {
      return Math.multiplyExact(elements / blockElements(), (long) blockBytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          name() + ": size of " + elements + " numbers overflows", e);
    }
  }
}
