package org.puna.model.tokenizer;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/** The keys {@code tokenizer.ggml.*} of GGUF metadata as a {@link Vocabulary}, and back. */
public final class GgufVocabulary {
  private static final String PREFIX = "tokenizer.ggml.";

  private final Map<String, ?> metadata;
  private final String file;

  private GgufVocabulary(Map<String, ?> metadata, String file) {
    this.metadata = metadata;
    this.file = file;
  }

  /**
   * Reads the vocabulary from metadata. Values are boxed numbers, booleans and strings; arrays are
   * lists or Java arrays of them.
   *
   * @param metadata all metadata of the file
   * @param file name of the file, for the error
   * @throws BadInput where a key has another type than GGUF gives it
   */
  public static Vocabulary read(Map<String, ?> metadata, String file) {
    GgufVocabulary keys = new GgufVocabulary(metadata, file);
    float[] scores = new float[0];
    List<Number> scoreList = keys.list("scores", Number.class);
    if (!scoreList.isEmpty()) {
      scores = new float[scoreList.size()];
      for (int i = 0; i < scores.length; i++) scores[i] = scoreList.get(i).floatValue();
    }
    List<TokenKind> kinds = new ArrayList<>();
    for (Number type : keys.list("token_type", Number.class)) {
      kinds.add(TokenKind.ofGguf(type.intValue()));
    }
    List<Number> charsmap = keys.list("precompiled_charsmap", Number.class);
    byte[] map = new byte[charsmap.size()];
    for (int i = 0; i < map.length; i++) map[i] = charsmap.get(i).byteValue();
    return new Vocabulary(
        keys.string("model"),
        keys.metadata.containsKey(PREFIX + "pre") ? keys.string("pre") : "",
        keys.list("tokens", String.class),
        scores,
        kinds.toArray(TokenKind[]::new),
        keys.list("merges", String.class),
        new Vocabulary.Specials(
            keys.id("bos_token_id"),
            keys.id("eos_token_id"),
            keys.id("eot_token_id"),
            keys.id("eom_token_id"),
            keys.id("unknown_token_id"),
            keys.id("seperator_token_id"),
            keys.id("padding_token_id"),
            keys.id("mask_token_id")),
        new Vocabulary.Marks(
            keys.flag("add_bos_token"),
            keys.flag("add_eos_token"),
            keys.flag("add_space_prefix"),
            keys.flag("remove_extra_whitespaces")),
        map);
  }

  /**
   * Returns the metadata that holds a vocabulary, in GGUF's usual order. Strings and booleans are
   * themselves, ids {@code Integer} (GGUF's uint32), arrays {@code List<String>}, {@code float[]},
   * {@code int[]} (int32) and {@code byte[]} (uint8).
   *
   * @param vocabulary what to write
   */
  public static Map<String, Object> write(Vocabulary vocabulary) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put(PREFIX + "model", vocabulary.model());
    if (!vocabulary.pre().isEmpty()) out.put(PREFIX + "pre", vocabulary.pre());
    out.put(PREFIX + "tokens", vocabulary.tokens());
    if (vocabulary.scores().length > 0) out.put(PREFIX + "scores", vocabulary.scores());
    int[] types = new int[vocabulary.tokens().size()];
    for (int id = 0; id < types.length; id++) types[id] = vocabulary.kind(id).ggufType();
    out.put(PREFIX + "token_type", types);
    if (!vocabulary.merges().isEmpty()) out.put(PREFIX + "merges", vocabulary.merges());
    Vocabulary.Specials specials = vocabulary.specials();
    put(out, "bos_token_id", specials.bos());
    put(out, "eos_token_id", specials.eos());
    put(out, "eot_token_id", specials.eot());
    put(out, "eom_token_id", specials.eom());
    put(out, "unknown_token_id", specials.unk());
    put(out, "seperator_token_id", specials.sep());
    put(out, "padding_token_id", specials.pad());
    put(out, "mask_token_id", specials.mask());
    Vocabulary.Marks marks = vocabulary.marks();
    marks.addBos().ifPresent(b -> out.put(PREFIX + "add_bos_token", b));
    marks.addEos().ifPresent(b -> out.put(PREFIX + "add_eos_token", b));
    marks.addSpacePrefix().ifPresent(b -> out.put(PREFIX + "add_space_prefix", b));
    marks.removeExtraWhitespaces().ifPresent(b -> out.put(PREFIX + "remove_extra_whitespaces", b));
    if (vocabulary.precompiledCharsmap().length > 0) {
      out.put(PREFIX + "precompiled_charsmap", vocabulary.precompiledCharsmap());
    }
    return out;
  }

  private static void put(Map<String, Object> out, String key, OptionalInt id) {
    if (id.isPresent()) out.put(PREFIX + key, id.getAsInt());
  }

  private String string(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value instanceof String s) return s;
    throw wrong(key, "a string", value);
  }

  private OptionalInt id(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) return OptionalInt.empty();
    if (!(value instanceof Number n)) throw wrong(key, "a token id", value);
    // Files exist that say -1 (or its unsigned twin) for a token that the model does not have.
    long id = n.longValue();
    return id < 0 || id >= 0xFFFFFFFFL ? OptionalInt.empty() : OptionalInt.of((int) id);
  }

  private Optional<Boolean> flag(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) return Optional.empty();
    if (value instanceof Boolean b) return Optional.of(b);
    throw wrong(key, "true or false", value);
  }

  private <T> List<T> list(String key, Class<T> type) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) return List.of();
    List<T> out = new ArrayList<>();
    if (value instanceof Iterable<?> items) {
      for (Object item : items) out.add(element(key, type, item));
    } else if (value.getClass().isArray()) {
      int n = Array.getLength(value);
      for (int i = 0; i < n; i++) out.add(element(key, type, Array.get(value, i)));
    } else {
      throw wrong(key, "an array", value);
    }
    return out;
  }

  private <T> T element(String key, Class<T> type, @Nullable Object item) {
    if (!type.isInstance(item)) {
      throw wrong(key, type == String.class ? "an array of strings" : "an array of numbers", item);
    }
    return type.cast(item);
  }

  private BadInput wrong(String key, String expected, @Nullable Object found) {
    String what = found == null ? "nothing" : found.getClass().getSimpleName();
    return new BadInput(
        file + ": metadata " + PREFIX + key + ": expected " + expected + ", found " + what);
  }
}
