package org.puna.app.run.peer;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.puna.model.config.BadInput;
import tools.jackson.databind.ObjectMapper;

/** Finds a llama.cpp that is installed here. */
final class Peers {
  private static final String PACKAGE = "node_modules/node-llama-cpp/package.json";

  private Peers() {}

  /**
   * Opens the peer.
   *
   * @param where a folder with node-llama-cpp, the program {@code llama-bench}, or empty: {@code
   *     PUNA_PEER} of the environment, else {@code llama-bench} on the PATH
   * @throws BadInput if there is none, with what to do
   */
  static Peer open(
      String where, Map<String, String> env, Path model, int threads, ObjectMapper mapper) {
    String named = where.isEmpty() ? env.getOrDefault("PUNA_PEER", "") : where;
    if (!named.isEmpty()) {
      Path p = Path.of(named);
      if (Files.exists(p.resolve(PACKAGE))) return new NodeLlamaCpp(p, model, threads, mapper);
      if (Files.isRegularFile(p)) return new LlamaBench(p, model, threads, mapper);
      throw new BadInput(
          "--peer: "
              + named
              + " is no folder with node-llama-cpp and no llama-bench;"
              + " `npm install --prefix "
              + named
              + " node-llama-cpp` makes it one");
    }
    for (String dir : env.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path p = Path.of(dir).resolve("llama-bench");
      if (!dir.isEmpty() && Files.isExecutable(p)) return new LlamaBench(p, model, threads, mapper);
    }
    throw new BadInput(
        "--peer: no llama-bench on the PATH; put one there, or `npm install --prefix FOLDER"
            + " node-llama-cpp` and give --peer=FOLDER");
  }
}
