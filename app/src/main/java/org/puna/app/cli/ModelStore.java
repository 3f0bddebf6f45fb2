package org.puna.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.models.ShippedModel;

/**
 * The folder of pulled models and what {@code MODEL} on a command line means. A model of the store
 * is a file {@code NAME.gguf} or a folder {@code NAME}; names may have several parts, such as
 * {@code org/repo}.
 *
 * @param folder {@code ~/.puna/models}, may not exist
 */
public record ModelStore(Path folder) {

  private static final int MAX_DEPTH = 4;

  /**
   * One model of the store.
   *
   * @param name what to write on a command line
   * @param path its file or folder
   * @param bytes size on disk
   */
  public record Entry(String name, Path path, long bytes) {}

  /**
   * Returns the file or folder that {@code MODEL} names: a path that exists, a name of the store,
   * or {@code default}.
   *
   * @throws BadInput if there is no such model
   */
  public Path resolve(String model) {
    if (model.isEmpty()) {
      throw new BadInput("MODEL: expected a .gguf file, a folder or a name, found an empty word");
    }
    Optional<Path> file = path(model).filter(Files::exists);
    if (file.isPresent()) {
      return file.get();
    }
    if (model.equals("default") || model.equals(ShippedModel.NAME)) {
      return shipped();
    }
    return find(model).map(Entry::path).orElseThrow(() -> unknown(model));
  }

  /**
   * The model that ships, as a file beside the store, or where nothing can be written there below
   * /tmp for as long as the process lives.
   */
  private Path shipped() {
    try {
      return ShippedModel.in(folder.resolveSibling("shipped"));
    } catch (IOException e) {
      try {
        Path passing = Files.createTempDirectory("puna");
        passing.toFile().deleteOnExit();
        Path file = ShippedModel.in(passing);
        file.toFile().deleteOnExit();
        return file;
      } catch (IOException again) {
        throw new BadInput("MODEL default: cannot be unpacked: " + again.getMessage(), again);
      }
    }
  }

  private static Optional<Path> path(String model) {
    try {
      return Optional.of(Path.of(model));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Returns the model of the store with this name. */
  public Optional<Entry> find(String name) {
    return list().stream().filter(e -> e.name().equals(name)).findFirst();
  }

  private BadInput unknown(String model) {
    String nearest =
        Nearest.of(model, list().stream().map(Entry::name).toList())
            .map(n -> "; did you mean '" + n + "'?")
            .orElse("");
    return new BadInput(
        "MODEL '"
            + model
            + "': no such file or folder, and no such name in "
            + folder
            + nearest
            + " (`puna models list` shows the names)");
  }

  /** Returns the models of the store in the order of their names. */
  public List<Entry> list() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Entry> found = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder, MAX_DEPTH)) {
      List<Path> paths = all.sorted().toList();
      for (Path p : paths) {
        boolean inside = found.stream().anyMatch(e -> p.startsWith(e.path()));
        if (!inside && isModel(p)) {
          found.add(new Entry(name(p), p, bytes(p)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": " + e.getMessage(), e);
    }
    found.sort(Comparator.comparing(Entry::name));
    return List.copyOf(found);
  }

  private static boolean isModel(Path p) {
    String file = p.getFileName().toString();
    boolean laterPart = file.matches(".*-\\d{5}-of-\\d{5}\\.gguf") && !file.contains("-00001-of-");
    return Files.isDirectory(p)
        ? Files.isRegularFile(p.resolve("config.json"))
        : file.endsWith(".gguf") && !laterPart;
  }

  private String name(Path p) {
    String relative = folder.relativize(p).toString().replace('\\', '/');
    return relative.endsWith(".gguf")
        ? relative.substring(0, relative.length() - ".gguf".length())
        : relative;
  }

  /** Returns the bytes that a file, or all files of a folder, take. */
  public static long bytes(Path p) throws IOException {
    try (Stream<Path> files = Files.walk(p)) {
      long sum = 0;
      for (Path f : files.filter(Files::isRegularFile).toList()) {
        sum += Files.size(f);
      }
      return sum;
    }
  }
}
