package org.puna.app.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.puna.model.Checkpoint;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufType;
import org.puna.model.gguf.GgufValue;
import org.puna.model.tokenizer.GgufVocabulary;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;

/** Opens the tokenizer of whatever a command line names: a model, a folder, a tokenizer file. */
public final class TokenizerSource {
  private static final byte[] GGUF_MAGIC = "GGUF".getBytes(StandardCharsets.US_ASCII);
  private static final List<String> NAMES = List.of("tokenizer.json", "tokenizer.model");
  private static final String KEYS = "tokenizer.ggml.";

  private TokenizerSource() {}

  /**
   * Opens the tokenizer of a file or folder.
   *
   * @throws org.puna.model.config.BadInput if there is none, or it is damaged
   */
  public static Tokenizer open(Path path) {
    if (Files.isDirectory(path)) {
      if (NAMES.stream().map(path::resolve).anyMatch(Files::isRegularFile)) {
        return Tokenizers.open(path);
      }
      try (Checkpoint checkpoint = Checkpoint.open(path)) {
        return checkpoint.tokenizer();
      }
    }
    return isGguf(path) ? ofGguf(path) : Tokenizers.open(path);
  }

  private static boolean isGguf(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return Arrays.equals(in.readNBytes(GGUF_MAGIC.length), GGUF_MAGIC);
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": " + e.getMessage(), e);
    }
  }

  private static Tokenizer ofGguf(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      return Tokenizers.from(GgufVocabulary.read(metadata(file), path.toString()), path.toString());
    }
  }

  /** Returns the tokenizer's keys as Java values, copied out of the mapping. */
  private static Map<String, Object> metadata(GgufFile file) {
    Map<String, Object> out = new LinkedHashMap<>();
    file.metadata()
        .values()
        .forEach((key, value) -> {
          if (key.startsWith(KEYS)) {
            out.put(key, java(value));
          }
        });
    return out;
  }

  private static Object java(GgufValue value) {
    return switch (value.type()) {
      case STRING -> value.text();
      case BOOL -> value.bool();
      case FLOAT32, FLOAT64 -> value.real();
      case ARRAY -> list(value.array());
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> value.integer();
    };
  }

  private static List<?> list(GgufArray array) {
    if (array.element() == GgufType.STRING) {
      return array.texts();
    }
    List<Object> out = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      out.add(
          switch (array.element()) {
            case FLOAT32, FLOAT64 -> array.real(i);
            case BOOL -> array.bool(i);
            case STRING -> array.text(i);
            case ARRAY -> list(array.array(i));
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> array.integer(i);
          });
    }
    return out;
  }
}
