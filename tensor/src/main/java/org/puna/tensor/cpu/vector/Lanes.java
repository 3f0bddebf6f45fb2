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
 * knows the shape. Long loops call the Vector API itself in place of these helpers, see {@link
 * Words}.
 */
final class Lanes {
  /** The machine's preferred float vector. */
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Integers, lane by lane as {@link #F}. */
  static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  static final int N = F.length();

  /** Bytes, lane by lane as {@link #F}; no vector has fewer than eight. */
  static final VectorSpecies<Byte> B =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(8 * Math.max(8, N)));

  /** Words of packed codes, four bytes each, at most the 32 bytes that K formats keep together. */
  static final VectorSpecies<Integer> C =
      VectorSpecies.of(int.class, VectorShape.forBitSize(Math.min(256, 32 * N)));

  /** Sixteen-bit numbers, lane by lane as {@link #F}. */
  static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * N));

  static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE);

  // Of half precision, moved to where float32 has its mantissa.
  private static final int SIGN_AND_SIZE = 0x8fffe000;
  private static final int TOP_EXPONENT = 0x70000000;

  private static final int[] TO_TOP = {24, 16, 8, 0};

  /** Half-precision numbers by their sixteen bits. */
  static final float[] HALVES = new float[1 << 16];

  static {
    for (int i = 0; i < HALVES.length; i++) HALVES[i] = Float.float16ToFloat((short) i);
  }

  private Lanes() {}

  /** Returns {@code v} in all lanes. */
  static FloatVector all(float v) {
    return FloatVector.broadcast(F, v);
  }

  /** Loads signed bytes as numbers. */
  static FloatVector signedBytes(MemorySegment s, long offset) {
    if (N < 8) return (FloatVector) spread(word(s, offset), VectorOperators.ASHR).castShape(F, 0);
    return (FloatVector) ByteVector.fromMemorySegment(B, s, offset, LE).castShape(F, 0);
  }

  /** Loads signed bytes of an array as numbers. */
  static FloatVector signedBytes(byte[] b, int at) {
    if (N < 8) return (FloatVector) spread(word(b, at), VectorOperators.ASHR).castShape(F, 0);
    return (FloatVector) ByteVector.fromArray(B, b, at).castShape(F, 0);
  }

  /** Loads bytes whose upper bits will not be looked at. */
  static IntVector anyBytes(MemorySegment s, long offset) {
    if (N < 8) return spread(word(s, offset), VectorOperators.LSHR);
    return (IntVector) ByteVector.fromMemorySegment(B, s, offset, LE).castShape(I, 0);
  }

  /** Loads unsigned bytes. */
  static IntVector bytes(MemorySegment s, long offset) {
    if (N < 8) return spread(word(s, offset), VectorOperators.LSHR);
    return (IntVector)
        ByteVector.fromMemorySegment(B, s, offset, LE)
            .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
  }

  /** Loads the {@link #C} words of packed codes. */
  static IntVector codes(MemorySegment s, long offset) {
    return IntVector.fromMemorySegment(C, s, offset, LE);
  }

  private static int word(byte[] b, int at) {
    return b[at] & 0xff | (b[at + 1] & 0xff) << 8 | (b[at + 2] & 0xff) << 16 | b[at + 3] << 24;
  }

  /** Moves each byte of a word to the top of a lane, then to the bottom. */
  private static IntVector spread(int word, VectorOperators.Binary right) {
    return IntVector.broadcast(I, word)
        .lanewise(VectorOperators.LSHL, IntVector.fromArray(I, TO_TOP, 0))
        .lanewise(right, 24);
  }

  /** Converts whole numbers. */
  static FloatVector floats(IntVector v) {
    return (FloatVector) v.castShape(F, 0);
  }

  /** Returns the half-precision number at {@code offset}. */
  static float half(MemorySegment s, long offset) {
    return Float.float16ToFloat(s.get(SHORT, offset));
  }

  /**
   * Returns the half-precision number at {@code offset}, from a table: a load in place of the
   * conversions that the vector units would do, for loops that are bound by them.
   */
  static float tableHalf(MemorySegment s, long offset) {
    return HALVES[s.get(SHORT, offset) & 0xffff];
  }

  /** Returns the 32-bit word at {@code offset}. */
  static int word(MemorySegment s, long offset) {
    return s.get(INT, offset);
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
    IntVector size = shorts(s, offset).lanewise(VectorOperators.LSHL, 13).and(SIGN_AND_SIZE);
    FloatVector finite = size.reinterpretAsFloats().mul(0x1p112f);
    FloatVector special = size.or(TOP_EXPONENT).reinterpretAsFloats();
    return finite.blend(special, finite.abs().compare(VectorOperators.GE, 65536f));
  }

  /**
   * Loads half-precision numbers of an array, as {@link #f16(MemorySegment, long)} does. Both are
   * written out: a method that took the loaded bits would not know their shape where it is compiled
   * alone, come out large, and from then on be left a call that boxes its vectors.
   */
  static FloatVector f16(short[] x, int at) {
    IntVector bits = (IntVector) ShortVector.fromArray(S, x, at).castShape(I, 0);
    IntVector size = bits.lanewise(VectorOperators.LSHL, 13).and(SIGN_AND_SIZE);
    FloatVector finite = size.reinterpretAsFloats().mul(0x1p112f);
    FloatVector special = size.or(TOP_EXPONENT).reinterpretAsFloats();
    return finite.blend(special, finite.abs().compare(VectorOperators.GE, 65536f));
  }

  private static IntVector shorts(MemorySegment s, long offset) {
    return (IntVector) ShortVector.fromMemorySegment(S, s, offset, LE).castShape(I, 0);
  }
}
