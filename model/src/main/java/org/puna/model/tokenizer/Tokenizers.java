package org.puna.model.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.puna.model.config.BadInput;

/** Opens tokenizers, whatever form their file has. */
public final class Tokenizers {
  /** Bytes of the largest file that is read: several times the largest published tokenizer. */
  private static final long MOST_BYTES = 256L << 20;

  private Tokenizers() {}

  /**
   * Opens a tokenizer file: a tiktoken or SentencePiece {@code .model}; what it is its content
   * says.
   *
   * @param path file
   * @throws BadInput where the file is none of these or is damaged
   */
  public static Tokenizer open(Path path) {
    Path file = path;
    if (Files.isDirectory(path)) {
      file = path.resolve("tokenizer.json");
      if (!Files.exists(file)) file = path.resolve("tokenizer.model");
      if (!Files.exists(file)) {
        throw new BadInput(
            path + ": expected tokenizer.json or tokenizer.model in the folder, found neither");
      }
    }
    byte[] content = bytes(file);
    if (HuggingFaceFile.looksLike(content)) {
      Path folder = file.toAbsolutePath().getParent();
      HfConfig config = folder == null ? HfConfig.NONE : HfConfig.of(folder);
      return HuggingFaceFile.read(content, file.toString(), config);
    }
    return read(content, file.toString());
  }

  private static byte[] bytes(Path path) {
    try {
      long size = Files.size(path);
      if (size > MOST_BYTES) {
        throw new BadInput(
            path + ": expected a tokenizer of at most " + MOST_BYTES + " bytes, found " + size);
      }
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new BadInput(path + ": cannot be read: " + e, e);
    }
  }

  /**
   * Reads the content of a tokenizer file.
   *
   * @param content all bytes
   * @param name name of the file, for errors
   */
  public static Tokenizer read(byte[] content, String name) {
    if (HuggingFaceFile.looksLike(content)) {
      return HuggingFaceFile.read(content, name, HfConfig.NONE);
    }
    if (SentencePieceFile.looksLike(content)) {
      return from(SentencePieceFile.read(content, name), name);
    }
    if (TiktokenFile.looksLike(content)) return TiktokenFile.read(content, name);
    throw new BadInput(
        name
            + ": expected tokenizer.json, a SentencePiece model or a tiktoken vocabulary, found"
            + " something else");
  }

  /**
   * Builds the tokenizer of a GGUF file.
   *
   * @param vocabulary the keys {@code tokenizer.ggml.*}
   * @param file name of the file, for errors
   * @throws BadInput where the keys contradict each other or name something unknown
   */
  public static Tokenizer from(Vocabulary vocabulary, String file) {
    return VocabularyTokenizer.build(vocabulary, file);
  }

  /**
   * Builds the tokenizer of a vocabulary that is in no file.
   *
   * @param vocabulary the keys {@code tokenizer.ggml.*}
   */
  public static Tokenizer from(Vocabulary vocabulary) {
    return from(vocabulary, "vocabulary");
  }

  /**
   * Writes a vocabulary as {@code tokenizer.json}, from which {@link #read} and Hugging Face's
   * library make a tokenizer that gives the same ids.
   *
   * @param vocabulary the keys {@code tokenizer.ggml.*}
   * @return the file's content in UTF-8
   * @throws BadInput where the vocabulary is none
   */
  public static byte[] toJson(Vocabulary vocabulary) {
    return HuggingFaceWriter.write(vocabulary);
  }
}
