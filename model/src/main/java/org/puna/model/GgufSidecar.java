package org.puna.model;

import java.util.HashMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.model.gguf.GgufValue;
import org.puna.model.tokenizer.GgufVocabulary;
import org.puna.model.tokenizer.Vocabulary;

/** Name, tokenizer, template and recommendations in GGUF metadata. */
final class GgufSidecar {
  private static final String SAMPLING = "general.sampling.";

  private GgufSidecar() {}

  static Sidecar read(GgufFile file) {
    GgufMetadata m = file.metadata();
    String stem =
        String.valueOf(file.paths().getFirst().getFileName())
            .replaceFirst("(-\\d{5}-of-\\d{5})?\\.gguf$", "");
    var ends = new TreeSet<Integer>();
    for (String key : new String[] {"eos", "eot", "eom"}) {
      // Files exist that store -1 for a token that the model does not have.
      m.find("tokenizer.ggml." + key + "_token_id")
          .filter(v -> v.type().integer() && v.integer() >= 0 && v.integer() < Integer.MAX_VALUE)
          .ifPresent(v -> ends.add((int) v.integer()));
    }
    return new Sidecar(
        m.optionalString("general.name").orElse(stem),
        m.has("tokenizer.ggml.tokens") ? Optional.of(() -> vocabulary(m)) : Optional.empty(),
        Optional.empty(),
        m.optionalString("tokenizer.chat_template"),
        new GenerationDefaults(
            Optional.empty(),
            m.optionalF32(SAMPLING + "temp"),
            m.optionalU32(SAMPLING + "top_k"),
            m.optionalF32(SAMPLING + "top_p"),
            m.optionalF32(SAMPLING + "min_p"),
            m.optionalF32(SAMPLING + "penalty_repeat"),
            ends),
        () -> embedding(m));
  }

  private static EmbeddingDefaults embedding(GgufMetadata m) {
    String key = m.string("general.architecture") + ".pooling_type";
    OptionalInt type = m.optionalU32(key);
    return new EmbeddingDefaults(
        type.isEmpty() ? Optional.empty() : Pooling.ofGgufType(type.getAsInt()),
        Optional.empty(),
        OptionalInt.empty());
  }

  /** Returns the tokenizer that metadata holds. */
  static Vocabulary vocabulary(GgufMetadata m) {
    var plain = new HashMap<String, Object>();
    m.values()
        .forEach((key, value) -> {
          if (key.startsWith("tokenizer.ggml.")) plain.put(key, plain(value));
        });
    return GgufVocabulary.read(plain, m.source());
  }

  private static Object plain(GgufValue v) {
    return switch (v.type()) {
      case BOOL -> v.bool();
      case STRING -> v.text();
      case FLOAT32, FLOAT64 -> v.real();
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> v.integer();
      case ARRAY -> {
        GgufArray a = v.array();
        yield switch (a.element()) {
          case STRING -> a.texts();
          case FLOAT32, FLOAT64 -> a.floats();
          case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> a.ints();
          case BOOL, ARRAY -> v.toString();
        };
      }
    };
  }
}
