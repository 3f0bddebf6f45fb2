package org.puna.app.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.puna.app.cli.Medians;
import org.puna.model.config.BadInput;
import org.puna.train.run.TrainingSpeed;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** PyTorch that trains the same shape: a process that takes one step for each line it reads. */
final class TorchPeer implements AutoCloseable {
  private static final String SCRIPT = "torch_peer.py";

  private final TrainingSpeed.Shape shape;
  private final Path log;
  private final Process process;
  private final Writer in;
  private final BufferedReader out;
  private final String version;
  private final List<Double> tokensPerSecond = new ArrayList<>();
  private long mostBytes;

  /**
   * What it reached.
   *
   * @param version PyTorch's
   * @param tokensPerSecond of each step
   * @param mostBytes that its process had in memory, 0 where the system does not tell
   */
  record Result(String version, List<Double> tokensPerSecond, long mostBytes) {
    /** Returns the median of tokens per second. */
    double median() {
      return Medians.of(tokensPerSecond);
    }
  }

  /**
   * Starts it and waits until it has taken its first steps.
   *
   * @param python an interpreter that has PyTorch
   * @throws BadInput if it has none, or does not start
   */
  TorchPeer(String python, TrainingSpeed.Shape shape, int threads) {
    this.shape = shape;
    try {
      List<String> line = new ArrayList<>(List.of(python, "-c", script()));
      Stream.of(
              shape.layers(),
              shape.width(),
              shape.heads(),
              shape.kvHeads(),
              shape.ffn(),
              shape.vocab(),
              shape.rows(),
              shape.length(),
              threads)
          .forEach(n -> line.add(n.toString()));
      log = Files.createTempFile("puna-", ".log");
      process = new ProcessBuilder(line).redirectError(log.toFile()).start();
    } catch (IOException e) {
      throw new BadInput("--peer: " + python + " does not start: " + e.getMessage(), e);
    }
    in = process.outputWriter(StandardCharsets.UTF_8);
    out = process.inputReader(StandardCharsets.UTF_8);
    try {
      version = answer(python).path("version").asString("");
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static String script() throws IOException {
    try (InputStream s = TorchPeer.class.getResourceAsStream(SCRIPT)) {
      if (s == null) throw new IOException("no " + SCRIPT);
      return new String(s.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Takes a step that counts. */
  void step() {
    try {
      in.write('\n');
      in.flush();
    } catch (IOException e) {
      throw new BadInput("--peer: PyTorch has ended: " + said(), e);
    }
    JsonNode n = answer("PyTorch");
    tokensPerSecond.add(shape.rows() * shape.length() / n.path("seconds").asDouble(0));
    mostBytes = n.path("bytes").asLong(0);
  }

  Result result() {
    return new Result(version, List.copyOf(tokensPerSecond), mostBytes);
  }

  private JsonNode answer(String who) {
    try {
      String line = out.readLine();
      if (line == null) {
        throw new BadInput("--peer: " + who + " ended without an answer: " + said());
      }
      return JsonMapper.shared().readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException("PyTorch: " + e.getMessage(), e);
    }
  }

  /** Returns the last line of what it complained of. */
  private String said() {
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(l -> !l.isBlank()).reduce((a, b) -> b).orElse("it said nothing");
    } catch (IOException | UncheckedIOException e) {
      return "it said nothing that can be read";
    }
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      Files.deleteIfExists(log);
    } catch (IOException e) {
      // It lies among temporary files; the system clears those.
    }
  }
}
