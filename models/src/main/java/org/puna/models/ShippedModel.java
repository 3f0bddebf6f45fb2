package org.puna.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;

/** The model that ships: a GGUF file of some megabytes that tells little stories. */
public final class ShippedModel {
  /** Its name. */
  public static final String NAME = "puna-tales";

  private static final String FILE = NAME + ".gguf";
  private static final String CARD = NAME + ".md";

  private ShippedModel() {}

  /**
   * Returns the model as a file in a folder, written there where it is missing or another: weights
   * are mapped, and a resource in a jar cannot be.
   *
   * @throws IOException if the folder cannot be written
   */
  public static Path in(Path folder) throws IOException {
    byte[] wanted = resource(FILE);
    Path file = folder.resolve(FILE);
    if (Files.isRegularFile(file)
        && Files.size(file) == wanted.length
        && Arrays.equals(Files.readAllBytes(file), wanted)) {
      return file;
    }
    Files.createDirectories(folder);
    // Appears whole under its name, whoever else writes it at the same time.
    Path draft = Files.createTempFile(folder, NAME, ".part");
    try {
      Files.write(draft, wanted);
      Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(draft);
    }
    return file;
  }

  /** Returns the model's card: what it is made of, what it can do and what it cannot, Markdown. */
  public static String card() {
    try {
      return new String(resource(CARD), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = ShippedModel.class.getResourceAsStream(name)) {
      if (in == null) throw new IOException("the build lacks " + name);
      return in.readAllBytes();
    }
  }
}
