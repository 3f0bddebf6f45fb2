package org.puna.app.run.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** llama.cpp's own {@code llama-bench}, a process for each measurement. */
final class LlamaBench implements Peer {
  private final Path program;
  private final Path model;
  private final int threads;
  private final ObjectMapper mapper;

  LlamaBench(Path program, Path model, int threads, ObjectMapper mapper) {
    this.program = program;
    this.model = model;
    this.threads = threads;
    this.mapper = mapper;
  }

  @Override
  public String name() {
    return "llama-bench";
  }

  @Override
  public OptionalDouble measure(Trial t) {
    if (t.streams() > 1) return OptionalDouble.empty();
    List<String> command =
        List.of(
            program.toString(),
            "-m",
            model.toString(),
            "-t",
            Integer.toString(threads),
            "-ngl",
            "0",
            "-p",
            Integer.toString(t.prompt() ? t.tokens() : 0),
            "-n",
            Integer.toString(t.prompt() ? 0 : t.tokens()),
            "-d",
            Integer.toString(t.depth()),
            "-r",
            "1",
            "-o",
            "json");
    try {
      Process p =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      p.getOutputStream().close();
      String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = p.waitFor();
      if (code != 0) {
        throw new BadInput("--peer: " + program + " ended with code " + code + " on " + model);
      }
      JsonNode rate = mapper.readTree(said).path(0).path("avg_ts");
      if (!rate.isNumber()) {
        throw new BadInput("--peer: " + program + " printed no avg_ts; it is too old");
      }
      return OptionalDouble.of(rate.doubleValue());
    } catch (IOException e) {
      throw new UncheckedIOException(program + ": " + e.getMessage(), e);
    } catch (JacksonException e) {
      throw new BadInput("--peer: " + program + " printed no JSON: " + e.getOriginalMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BadInput("--peer: interrupted", e);
    }
  }

  @Override
  public void close() {}
}
