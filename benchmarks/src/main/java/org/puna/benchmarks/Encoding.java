package org.puna.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.puna.model.Checkpoint;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.models.ShippedModel;

/**
 * Encoding English text on one thread. A tokenizer remembers pieces that it has seen, and the text
 * that ships is short: take a book of your own for a rate that speaks for others.
 */
public class Encoding extends Measured {
  /** Shorter texts are repeated until they have so many characters. */
  private static final int CHARACTERS = 1 << 16;

  /** A tokenizer's file, such as Llama 3's; {@code shipped} for that of the model that ships. */
  @Param("shipped")
  String tokenizer = "shipped";

  /** A file of text; {@code shipped} for the card of the model that ships. */
  @Param("shipped")
  String text = "shipped";

  private @Nullable Path folder;
  private @Nullable Checkpoint checkpoint;
  private @Nullable Tokenizer opened;
  private String content = "";
  private int contentBytes;

  /** Without a text yet. */
  public Encoding() {}

  /**
   * Opens tokenizer and text.
   *
   * @throws IOException if one of the files cannot be read
   */
  @Setup
  public void open() throws IOException {
    if (tokenizer.equals("shipped")) {
      Path temporary = Files.createTempDirectory("puna-benchmarks");
      folder = temporary;
      Checkpoint c = Checkpoint.open(ShippedModel.in(temporary));
      checkpoint = c;
      opened = c.tokenizer();
    } else {
      opened = Tokenizers.open(Path.of(tokenizer));
    }
    String once = text.equals("shipped") ? ShippedModel.card() : Files.readString(Path.of(text));
    content = once.repeat(Math.max(1, Math.ceilDiv(CHARACTERS, once.length())));
    contentBytes = content.getBytes(StandardCharsets.UTF_8).length;
  }

  /** The whole text. */
  @Benchmark
  public int[] encode(Rates.Text read) {
    int[] ids = tokenizer().encode(content, false);
    read.add(contentBytes);
    return ids;
  }

  String content() {
    return content;
  }

  Tokenizer tokenizer() {
    return java.util.Objects.requireNonNull(opened, "open() comes first");
  }

  /**
   * Closes the files.
   *
   * @throws IOException if the temporary copy cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    if (checkpoint != null) checkpoint.close();
    if (folder != null) {
      Files.deleteIfExists(folder.resolve(ShippedModel.NAME + ".gguf"));
      Files.deleteIfExists(folder);
    }
  }
}
