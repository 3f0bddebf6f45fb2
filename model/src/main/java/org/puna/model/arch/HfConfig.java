package org.puna.model.arch;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.model.io.MappedFile;
import org.puna.model.io.Names;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A JSON object of a Hugging Face folder, with accessors that know defaults and say where a wrong
 * value stands. A key that is {@code null} counts as missing.
 */
public final class HfConfig {
  private static final long MAX_BYTES = 64L << 20;

  private final String where;
  private final JsonNode node;

  private HfConfig(String where, JsonNode node) {
    this.where = where;
    this.node = node;
  }

  /**
   * Reads a file.
   *
   * @throws BadInput if it cannot be read or is not a JSON object
   */
  public static HfConfig read(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      MappedFile mapped = MappedFile.open(file, arena);
      if (mapped.bytes().byteSize() > MAX_BYTES) {
        throw new BadInput(
            file
                + ": expected JSON of at most "
                + MAX_BYTES
                + " bytes, found "
                + mapped.bytes().byteSize());
      }
      return parse(file.toString(), mapped.bytes().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /**
   * Parses JSON.
   *
   * @param where the file, for errors
   * @throws BadInput if it is not a JSON object
   */
  public static HfConfig parse(String where, byte[] json) {
    // Python writes Infinity and NaN into JSON, and reads them.
    var mapper = JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
    try {
      JsonNode node = mapper.readTree(json);
      if (node == null || !node.isObject()) {
        throw new BadInput(where + ": expected a JSON object, found something else");
      }
      return new HfConfig(where, node);
    } catch (JacksonException e) {
      throw new BadInput(
          where
              + ": not JSON: "
              + JsonFault.said(e)
              + (e.getLocation() == null
                  ? ""
                  : " at line "
                      + e.getLocation().getLineNr()
                      + ", column "
                      + e.getLocation().getColumnNr()),
          e);
    }
  }

  /**
   * Returns the configuration of the text model: the object {@code text_config} of a multi-modal
   * model with what it leaves to the whole, or this object.
   */
  public HfConfig textModel() {
    Optional<HfConfig> text = object("text_config");
    if (text.isEmpty()) return this;
    ObjectNode merged = ((ObjectNode) text.get().node).deepCopy();
    for (String key : new String[] {"model_type", "tie_word_embeddings", "quantization_config"}) {
      JsonNode v = get(key);
      if (v != null && !merged.has(key)) merged.set(key, v);
    }
    return new HfConfig(where, merged);
  }

  /** Returns the file that the object comes from. */
  public String where() {
    return where;
  }

  /** Returns the JSON itself. */
  public JsonNode node() {
    return node;
  }

  /** Returns whether a key is there and not null. */
  public boolean has(String key) {
    return get(key) != null;
  }

  /**
   * Returns a whole number, or a default.
   *
   * @throws BadInput if there is something else
   */
  public int integer(String key, int otherwise) {
    JsonNode v = get(key);
    if (v == null) return otherwise;
    if (!v.isNumber()
        || v.doubleValue() != Math.rint(v.doubleValue())
        || Math.abs(v.doubleValue()) > Integer.MAX_VALUE) {
      throw wrong(key, "a whole number of 32 bits", v);
    }
    return (int) v.doubleValue();
  }

  /**
   * Returns a whole number of at least 1 and at most a limit, or a default.
   *
   * @throws BadInput if there is something else
   */
  public int size(String key, int otherwise, int most) {
    int n = integer(key, otherwise);
    if (n < 1 || n > most) {
      throw new BadInput(where + ": JSON key " + key + ": expected 1 to " + most + ", found " + n);
    }
    return n;
  }

  /**
   * Returns a finite number, or a default.
   *
   * @throws BadInput if there is something else
   */
  public double real(String key, double otherwise) {
    JsonNode v = get(key);
    if (v == null) return otherwise;
    if (!v.isNumber() || !Double.isFinite(v.doubleValue())) throw wrong(key, "a number", v);
    return v.doubleValue();
  }

  /**
   * Returns a number that must be there.
   *
   * @throws BadInput if there is none
   */
  public double real(String key) {
    if (!has(key))
      throw new BadInput(where + ": JSON key " + key + " is missing: expected a number");
    return real(key, 0);
  }

  /**
   * Returns a truth value, or a default.
   *
   * @throws BadInput if there is something else
   */
  public boolean bool(String key, boolean otherwise) {
    JsonNode v = get(key);
    if (v == null) return otherwise;
    if (!v.isBoolean()) throw wrong(key, "true or false", v);
    return v.booleanValue();
  }

  /**
   * Returns a text where there is one.
   *
   * @throws BadInput if there is something else
   */
  public Optional<String> text(String key) {
    JsonNode v = get(key);
    if (v == null) return Optional.empty();
    if (!v.isString()) throw wrong(key, "a string", v);
    return Optional.of(v.stringValue());
  }

  /**
   * Returns an object where there is one.
   *
   * @throws BadInput if there is something else
   */
  public Optional<HfConfig> object(String key) {
    JsonNode v = get(key);
    if (v == null) return Optional.empty();
    if (!v.isObject()) throw wrong(key, "an object", v);
    return Optional.of(new HfConfig(where + ": " + key, v));
  }

  /**
   * Returns an array of numbers where there is one.
   *
   * @throws BadInput if there is something else
   */
  public Optional<List<Double>> reals(String key) {
    JsonNode v = get(key);
    if (v == null) return Optional.empty();
    if (!v.isArray()) throw wrong(key, "an array of numbers", v);
    var out = new ArrayList<Double>();
    for (JsonNode e : v) {
      if (!e.isNumber() || !Double.isFinite(e.doubleValue())) {
        throw wrong(key, "an array of numbers", e);
      }
      out.add(e.doubleValue());
    }
    return Optional.of(out);
  }

  /**
   * Returns an array of texts where there is one.
   *
   * @throws BadInput if there is something else
   */
  public Optional<List<String>> texts(String key) {
    JsonNode v = get(key);
    if (v == null) return Optional.empty();
    if (!v.isArray()) throw wrong(key, "an array of strings", v);
    var out = new ArrayList<String>();
    for (JsonNode e : v) {
      if (!e.isString()) throw wrong(key, "an array of strings", e);
      out.add(e.stringValue());
    }
    return Optional.of(out);
  }

  /**
   * Returns an error about a value.
   *
   * @param key where it stands
   * @param expected what should be there
   * @param found what is there
   */
  public BadInput wrong(String key, String expected, Object found) {
    return new BadInput(
        where
            + ": JSON key "
            + key
            + ": expected "
            + expected
            + ", found "
            + Names.quote(found.toString()));
  }

  private @Nullable JsonNode get(String key) {
    JsonNode v = node.get(key);
    return v == null || v.isNull() ? null : v;
  }
}
