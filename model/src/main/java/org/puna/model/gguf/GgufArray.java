package org.puna.model.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * An array in metadata, kept as its bytes in the file's encoding: a vocabulary of a hundred
 * thousand strings costs no heap until an element is asked for.
 *
 * <p>An array of a mapped file must not be used after that file is closed.
 */
public final class GgufArray {
  /** Elements between two remembered offsets, where elements differ in size. */
  private static final int STRIDE = 32;

  private final GgufType element;
  private final int size;
  private final MemorySegment bytes;
  private final long[] offsets;

  /**
   * Wraps checked bytes.
   *
   * @param bytes the elements one after another, already known to be well-formed
   */
  GgufArray(GgufType element, int size, MemorySegment bytes) {
    this.element = element;
    this.size = size;
    this.bytes = bytes;
    if (element.bytes() > 0) {
      offsets = new long[0];
      return;
    }
    offsets = new long[(size + STRIDE - 1) / STRIDE];
    long at = 0;
    for (int i = 0; i < size; i++) {
      if (i % STRIDE == 0) offsets[i / STRIDE] = at;
      at += length(at);
    }
  }

  /** Returns the type of all elements. */
  public GgufType element() {
    return element;
  }

  /** Returns the number of elements. */
  public int size() {
    return size;
  }

  /**
   * Returns a whole number; of {@code UINT64} the bits.
   *
   * @throws IllegalArgumentException if elements are not whole numbers
   */
  public long integer(int i) {
    return Le.integer(element, bytes, offset(i));
  }

  /**
   * Returns a real number.
   *
   * @throws IllegalArgumentException if elements are neither FLOAT32 nor FLOAT64
   */
  public double real(int i) {
    return Le.real(element, bytes, offset(i));
  }

  /**
   * Returns a truth value.
   *
   * @throws IllegalArgumentException if elements are not BOOL
   */
  public boolean bool(int i) {
    require(GgufType.BOOL);
    return bytes.get(ValueLayout.JAVA_BYTE, offset(i)) != 0;
  }

  /**
   * Returns a text; bytes that are not UTF-8 become U+FFFD.
   *
   * @throws IllegalArgumentException if elements are not STRING
   */
  public String text(int i) {
    require(GgufType.STRING);
    return Le.text(bytes, offset(i));
  }

  /**
   * Returns an array in this array.
   *
   * @throws IllegalArgumentException if elements are not ARRAY
   */
  public GgufArray array(int i) {
    require(GgufType.ARRAY);
    return GgufValue.arrayAt(bytes, offset(i));
  }

  /** Returns all texts. */
  public List<String> texts() {
    require(GgufType.STRING);
    var out = new ArrayList<String>(size);
    long at = 0;
    for (int i = 0; i < size; i++) {
      out.add(Le.text(bytes, at));
      at += length(at);
    }
    return out;
  }

  /** Returns all whole numbers, cut to 32 bits. */
  public int[] ints() {
    int[] out = new int[size];
    for (int i = 0; i < size; i++) out[i] = (int) integer(i);
    return out;
  }

  /** Returns all real numbers as float32. */
  public float[] floats() {
    float[] out = new float[size];
    for (int i = 0; i < size; i++) out[i] = (float) real(i);
    return out;
  }

  /** Returns an array of texts. */
  public static GgufArray ofTexts(List<String> texts) {
    var out = new ByteArrayOutputStream();
    for (String t : texts) out.writeBytes(Le.textBytes(t));
    return new GgufArray(GgufType.STRING, texts.size(), MemorySegment.ofArray(out.toByteArray()));
  }

  /** Returns an array of INT32. */
  public static GgufArray ofInts(int... values) {
    MemorySegment s = MemorySegment.ofArray(new byte[values.length * 4]);
    for (int i = 0; i < values.length; i++) s.set(Le.I32, i * 4L, values[i]);
    return new GgufArray(GgufType.INT32, values.length, s);
  }

  /** Returns an array of UINT32 with the same bits. */
  public static GgufArray ofUnsigned(int... values) {
    return new GgufArray(GgufType.UINT32, values.length, ofInts(values).bytes);
  }

  /** Returns an array of FLOAT32. */
  public static GgufArray ofFloats(float... values) {
    MemorySegment s = MemorySegment.ofArray(new byte[values.length * 4]);
    for (int i = 0; i < values.length; i++) {
      s.set(Le.I32, i * 4L, Float.floatToRawIntBits(values[i]));
    }
    return new GgufArray(GgufType.FLOAT32, values.length, s);
  }

  /** Returns an array of UINT8. */
  public static GgufArray ofBytes(byte... values) {
    return new GgufArray(GgufType.UINT8, values.length, MemorySegment.ofArray(values.clone()));
  }

  /** Returns an array of BOOL. */
  public static GgufArray ofBools(boolean... values) {
    byte[] b = new byte[values.length];
    for (int i = 0; i < b.length; i++) b[i] = (byte) (values[i] ? 1 : 0);
    return new GgufArray(GgufType.BOOL, b.length, MemorySegment.ofArray(b));
  }

  /**
   * Returns an array of arrays.
   *
   * @throws IllegalArgumentException if an array of arrays nests deeper than files may
   */
  public static GgufArray ofArrays(List<GgufArray> arrays) {
    var out = new ByteArrayOutputStream();
    for (GgufArray a : arrays) out.writeBytes(a.encoded());
    return new GgufArray(GgufType.ARRAY, arrays.size(), MemorySegment.ofArray(out.toByteArray()));
  }

  /** Returns the value in the file's encoding: element type, count, elements. */
  byte[] encoded() {
    byte[] out = new byte[Math.toIntExact(12 + bytes.byteSize())];
    MemorySegment s = MemorySegment.ofArray(out);
    s.set(Le.I32, 0, element.id());
    s.set(Le.I64, 4, size);
    MemorySegment.copy(bytes, 0, s, 12, bytes.byteSize());
    return out;
  }

  private void require(GgufType type) {
    if (element != type) {
      throw new IllegalArgumentException("array of " + element + ", asked for " + type);
    }
  }

  private long offset(int i) {
    if (i < 0 || i >= size) {
      throw new IndexOutOfBoundsException("element " + i + " of " + size);
    }
    if (element.bytes() > 0) return (long) i * element.bytes();
    long at = offsets[i / STRIDE];
    for (int j = i / STRIDE * STRIDE; j < i; j++) at += length(at);
    return at;
  }

  private long length(long at) {
    return GgufValue.length(element, bytes, at);
  }
}
