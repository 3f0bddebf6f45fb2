package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes of this machine, and the loads that widen stored numbers to float32 lanes.
 * Shapes are constants because the compiler turns an operation into an instruction only where it
 * knows the shape.
 */
final class Lanes {
  /** The machine's preferred float vector. */
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Integers, lane by lane as {@link #F}. */
  static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  static final int N = F.length();

  /** Bytes that one load of byte codes takes: as many as lanes, but no vector has fewer than 8. */
  static final int BYTES = Math.max(8, N);

  /** Vectors of floats that a load of byte codes becomes: 2 on 128-bit machines, else 1. */
  static final int PARTS = BYTES / N;

  /** A load of byte codes. */
  static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * BYTES));

  /** Sixteen-bit numbers, lane by lane as {@link #F}. */
  static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * N));

  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE);

  private Lanes() {}

  /** Loads byte codes. */
  static ByteVector bytes(MemorySegment s, long offset) {
    return ByteVector.fromMemorySegment(B, s, offset, LE);
  }

  /** Widens part {@code part} of loaded signed bytes. */
  static FloatVector widen(ByteVector b, int part) {
    return (FloatVector) b.castShape(F, part);
  }

  /** Returns {@code acc + Σ b · x[at…]}, lane by lane over the parts of the load. */
  static FloatVector addProducts(ByteVector b, float[] x, int at, FloatVector acc) {
    FloatVector sum = widen(b, 0).fma(FloatVector.fromArray(F, x, at), acc);
    return PARTS == 1 ? sum : widen(b, 1).fma(FloatVector.fromArray(F, x, at + N), sum);
  }

  /** Stores {@code b · scale}. */
  static void storeScaled(ByteVector b, FloatVector scale, float[] dst, int at) {
    widen(b, 0).mul(scale).intoArray(dst, at);
    if (PARTS > 1) widen(b, 1).mul(scale).intoArray(dst, at + N);
  }

  /** Stores {@code b · scale − min}, rounded after the product. */
  static void storeScaled(ByteVector b, FloatVector scale, FloatVector min, float[] dst, int at) {
    widen(b, 0).mul(scale).sub(min).intoArray(dst, at);
    if (PARTS > 1) widen(b, 1).mul(scale).sub(min).intoArray(dst, at + N);
  }

  /** Returns the half-precision number at {@code offset}. */
  static float half(MemorySegment s, long offset) {
    return Float.float16ToFloat(s.get(SHORT, offset));
  }

  /** Returns the 32-bit word at {@code offset}. */
  static int word(MemorySegment s, long offset) {
    return s.get(INT, offset);
  }

  /** Returns the low nibble of every byte. */
  static ByteVector low(ByteVector b) {
    return b.and((byte) 15);
  }

  /** Returns the high nibble of every byte. */
  static ByteVector high(ByteVector b) {
    return shiftRight(b, 4).and((byte) 15);
  }

  /**
   * Shifts sixteen-bit pairs of bytes right: one instruction where bytes have none. The bits that
   * cross a border are for the caller to mask.
   */
  static ByteVector shiftRight(ByteVector b, int bits) {
    return b.reinterpretAsShorts().lanewise(VectorOperators.LSHR, bits).reinterpretAsBytes();
  }

  /** Shifts sixteen-bit pairs of bytes left; see {@link #shiftRight}. */
  static ByteVector shiftLeft(ByteVector b, int bits) {
    return b.reinterpretAsShorts().lanewise(VectorOperators.LSHL, bits).reinterpretAsBytes();
  }

  /** Loads float32 numbers. */
  static FloatVector f32(MemorySegment s, long offset) {
    return FloatVector.fromMemorySegment(F, s, offset, LE);
  }

  /** Loads bfloat16 numbers. */
  static FloatVector bf16(MemorySegment s, long offset) {
    return shorts(s, offset).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /**
   * Loads half-precision numbers: moves exponent and mantissa to their place and corrects the
   * exponent by a product, which is exact for subnormal numbers too; infinities and NaN get the
   * exponent of float32's.
   */
  static FloatVector f16(MemorySegment s, long offset) {
    IntVector h = shorts(s, offset);
    IntVector sign = h.and(0x8000).lanewise(VectorOperators.LSHL, 16);
    IntVector size = h.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
    IntVector finite = size.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
    IntVector result =
        finite.blend(size.or(0x70000000), size.compare(VectorOperators.GE, 0x0f800000));
    return result.or(sign).reinterpretAsFloats();
  }

  private static IntVector shorts(MemorySegment s, long offset) {
    return (IntVector) ShortVector.fromMemorySegment(S, s, offset, LE).castShape(I, 0);
  }
}
