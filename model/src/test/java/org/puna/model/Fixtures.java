package org.puna.model;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds the fixtures among the test resources. */
public final class Fixtures {
  private Fixtures() {}

  /** Returns the model folders that transformers wrote, one for each kind of architecture. */
  public static List<String> families() {
    return Stream.concat(Stream.of("bert-embed", "bert-rerank"), decoders().stream()).toList();
  }

  /** Returns those of models that generate. */
  public static List<String> decoders() {
    return List.of(
        "gemma3",
        "llama2",
        "llama3",
        "llama3.2",
        "llama4",
        "mistral",
        "mixtral",
        "phi3",
        "qwen2",
        "qwen3");
  }

  /** Returns the path of {@code fixtures/name}. */
  public static Path path(String name) {
    URL url = Fixtures.class.getResource("/fixtures/" + name);
    if (url == null) throw new AssertionError("no test resource fixtures/" + name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
