package org.puna.app.run.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;

/**
 * llama.cpp through the npm package node-llama-cpp and its prebuilt kernels: one process that keeps
 * the model and answers a line of JSON with a line of JSON.
 */
final class NodeLlamaCpp implements Peer {
  private static final String SCRIPT = "node-llama-cpp.mjs";

  private final Path script;
  private final Process process;
  private final Writer in;
  private final BufferedReader out;
  private final ObjectMapper mapper;
  private final String name;

  /**
   * Starts it and waits until the model is loaded.
   *
   * @param folder where {@code npm install node-llama-cpp} was run
   * @throws BadInput if it does not start
   */
  NodeLlamaCpp(Path folder, Path model, int threads, ObjectMapper mapper) {
    this.mapper = mapper;
    try {
      // A file, not an argument: node-llama-cpp tries its kernels in a process with the same ones.
      script = script();
      process =
          new ProcessBuilder(
                  List.of(
                      "node",
                      script.toString(),
                      model.toAbsolutePath().toString(),
                      Integer.toString(threads)))
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new BadInput("--peer: needs Node.js on the PATH to run node-llama-cpp", e);
    }
    in = process.outputWriter(StandardCharsets.UTF_8);
    out = process.inputReader(StandardCharsets.UTF_8);
    try {
      name = "llama.cpp, node-llama-cpp " + answer().path("version").asString("");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static Path script() throws IOException {
    try (InputStream s = NodeLlamaCpp.class.getResourceAsStream(SCRIPT)) {
      if (s == null) throw new IOException("no " + SCRIPT);
      Path file = Files.createTempFile("puna-", ".mjs");
      Files.copy(s, file, StandardCopyOption.REPLACE_EXISTING);
      return file;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public OptionalDouble measure(Trial t) {
    try {
      in.write(
          mapper
              .writer()
              .without(SerializationFeature.INDENT_OUTPUT)
              .writeValueAsString(
                  Map.of(
                      "prompt",
                      t.prompt(),
                      "tokens",
                      t.tokens(),
                      "depth",
                      t.depth(),
                      "streams",
                      t.streams())));
      in.write('\n');
      in.flush();
    } catch (IOException e) {
      throw new BadInput("--peer: node-llama-cpp has ended", e);
    }
    return OptionalDouble.of(answer().path("tokensPerSecond").asDouble(0));
  }

  private JsonNode answer() {
    try {
      String line = out.readLine();
      // Other lines are what native code prints.
      while (line != null && !line.startsWith("{")) line = out.readLine();
      if (line == null) {
        throw new BadInput(
            "--peer: node-llama-cpp ended without an answer; can it load this file?");
      }
      JsonNode n = mapper.readTree(line);
      if (n.has("error")) {
        throw new BadInput("--peer: node-llama-cpp: " + n.path("error").asString(""));
      }
      return n;
    } catch (IOException e) {
      throw new UncheckedIOException("node-llama-cpp: " + e.getMessage(), e);
    } catch (JacksonException e) {
      throw new BadInput("--peer: node-llama-cpp printed " + e.getOriginalMessage(), e);
    }
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      Files.deleteIfExists(script);
    } catch (IOException e) {
      // It lies among temporary files; the system clears those.
    }
  }
}
