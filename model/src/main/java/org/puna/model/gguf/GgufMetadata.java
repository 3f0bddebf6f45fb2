package org.puna.model.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * The key–value pairs of a GGUF file in file order, with accessors that check types: a missing key
 * or one of another type is a {@link BadInput} that names the file and the key.
 *
 * <p>A whole number may be stored in any integer type that holds it, a real number in FLOAT32 or
 * FLOAT64: writers differ.
 */
public final class GgufMetadata {
  private final String source;
  private final Map<String, GgufValue> values;

  /**
   * Wraps pairs.
   *
   * @param source where they come from, for errors
   * @param values the pairs, in order
   */
  public GgufMetadata(String source, Map<String, GgufValue> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Returns where the pairs come from: a file's path. */
  public String source() {
    return source;
  }

  /** Returns all pairs in order, unmodifiable. */
  public Map<String, GgufValue> values() {
    return values;
  }

  /** Returns whether a key is there. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** Returns a value of any type. */
  public Optional<GgufValue> find(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /**
   * Returns a whole number from 0 to 2³¹−1.
   *
   * @throws BadInput if the key is missing, not a whole number, or out of range
   */
  public int u32(String key) {
    return optionalU32(key).orElseThrow(() -> missing(key, "a whole number"));
  }

  /**
   * Returns a whole number from 0 to 2³¹−1 where the key is there.
   *
   * @throws BadInput if it is not a whole number, or out of range
   */
  public OptionalInt optionalU32(String key) {
    GgufValue v = values.get(key);
    if (v == null) return OptionalInt.empty();
    if (!v.type().integer()) throw wrong(key, "a whole number", v);
    long n = v.integer();
    if (n < 0 || n > Integer.MAX_VALUE) throw wrong(key, "a whole number from 0 to 2147483647", v);
    return OptionalInt.of((int) n);
  }

  /**
   * Returns a whole number that a file may store once, or once for each layer.
   *
   * @throws BadInput if it is missing, not a whole number, out of range, or differs between layers
   */
  public OptionalInt optionalU32OfLayers(String key) {
    GgufValue v = values.get(key);
    if (v == null || v.type() != GgufType.ARRAY) return optionalU32(key);
    GgufArray a = v.array();
    if (!a.element().integer() || a.size() == 0) {
      throw wrong(key, "a whole number or an array of them", v);
    }
    long n = a.integer(0);
    for (int i = 1; i < a.size(); i++) {
      if (a.integer(i) != n) {
        throw new BadInput(
            source
                + ": metadata key "
                + key
                + ": expected one number for all layers, found "
                + n
                + " in layer 0 and "
                + a.integer(i)
                + " in layer "
                + i
                + "; models whose layers differ in size are not supported");
      }
    }
    if (n < 0 || n > Integer.MAX_VALUE) throw wrong(key, "numbers from 0 to 2147483647", v);
    return OptionalInt.of((int) n);
  }

  /**
   * Returns a real number.
   *
   * @throws BadInput if the key is missing, not a number, or not finite
   */
  public double f32(String key) {
    return optionalF32(key).orElseThrow(() -> missing(key, "a number"));
  }

  /**
   * Returns a real number where the key is there. A FLOAT32 is given as the shortest decimal that
   * rounds to it, so that an epsilon of 1e-5 is the same number here as in JSON.
   *
   * @throws BadInput if it is not a number, or not finite
   */
  public OptionalDouble optionalF32(String key) {
    GgufValue v = values.get(key);
    if (v == null) return OptionalDouble.empty();
    double d =
        switch (v.type()) {
          case FLOAT32 -> decimal((float) v.real());
          case FLOAT64 -> v.real();
          case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> v.integer();
          case BOOL, STRING, ARRAY -> throw wrong(key, "a number", v);
        };
    if (!Double.isFinite(d)) throw wrong(key, "a finite number", v);
    return OptionalDouble.of(d);
  }

  /**
   * Returns a truth value where the key is there.
   *
   * @throws BadInput if it is of another type
   */
  public Optional<Boolean> optionalBool(String key) {
    return typed(key, GgufType.BOOL, "BOOL").map(GgufValue::bool);
  }

  /**
   * Returns a text.
   *
   * @throws BadInput if the key is missing or of another type
   */
  public String string(String key) {
    return optionalString(key).orElseThrow(() -> missing(key, "a STRING"));
  }

  /**
   * Returns a text where the key is there.
   *
   * @throws BadInput if it is of another type
   */
  public Optional<String> optionalString(String key) {
    return typed(key, GgufType.STRING, "STRING").map(GgufValue::text);
  }

  /**
   * Returns an array where the key is there.
   *
   * @param element the type that its elements must have, null for any
   * @throws BadInput if it is of another type
   */
  public Optional<GgufArray> optionalArray(String key, @Nullable GgufType element) {
    String wanted = element == null ? "ARRAY" : "ARRAY of " + element;
    Optional<GgufValue> v = typed(key, GgufType.ARRAY, wanted);
    if (v.isEmpty()) return Optional.empty();
    GgufArray a = v.get().array();
    if (element != null && a.element() != element) throw wrong(key, wanted, v.get());
    return Optional.of(a);
  }

  /**
   * Returns an array of whole numbers of any width where the key is there.
   *
   * @throws BadInput if it is of another type
   */
  public Optional<GgufArray> optionalIntegers(String key) {
    Optional<GgufArray> a = optionalArray(key, null);
    if (a.isPresent() && !a.get().element().integer()) {
      throw wrong(key, "ARRAY of whole numbers", values.get(key));
    }
    return a;
  }

  /**
   * Returns the error of a key that is not there.
   *
   * @param expected what should be there
   */
  public BadInput missing(String key, String expected) {
    return new BadInput(source + ": metadata key " + key + " is missing; expected " + expected);
  }

  private static double decimal(float f) {
    return Float.isFinite(f) ? Double.parseDouble(Float.toString(f)) : f;
  }

  private Optional<GgufValue> typed(String key, GgufType type, String expected) {
    GgufValue v = values.get(key);
    if (v == null) return Optional.empty();
    if (v.type() != type) throw wrong(key, expected, v);
    return Optional.of(v);
  }

  private BadInput wrong(String key, String expected, @Nullable GgufValue found) {
    return new BadInput(
        source + ": metadata key " + key + ": expected " + expected + ", found " + found);
  }
}
