package org.puna.app.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.ModelStore;
import org.puna.app.cli.Nearest;
import org.puna.app.cli.Units;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Removes a model of the store; files elsewhere are never touched. */
@Command(
    name = "rm",
    description = "Removes models of the local store; files elsewhere are not touched.",
    footer = {"", "Examples:", "  puna models rm tiny", "  puna models rm org/repo"})
final class RmCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(arity = "1..*", paramLabel = "NAME", description = "Names as `models list` shows.")
  private List<String> names = List.of();

  RmCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    ModelStore store = context.store();
    List<ModelStore.Entry> found = names.stream().map(n -> entry(store, n)).toList();
    for (ModelStore.Entry e : found) {
      delete(e.path());
      context.note("removed " + e.name() + ", " + Units.bytes(e.bytes()));
    }
    return Failures.DONE;
  }

  private static ModelStore.Entry entry(ModelStore store, String name) {
    List<String> known = store.list().stream().map(ModelStore.Entry::name).toList();
    return store
        .find(name)
        .orElseThrow(() ->
            new BadInput(
                "models rm: no model '"
                    + name
                    + "' in "
                    + store.folder()
                    + Nearest.of(name, known).map(n -> "; did you mean '" + n + "'?").orElse("")));
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }
}
