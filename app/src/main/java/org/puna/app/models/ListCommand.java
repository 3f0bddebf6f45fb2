package org.puna.app.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.puna.app.cli.Context;
import org.puna.app.cli.ModelStore;
import org.puna.app.cli.Table;
import org.puna.app.cli.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the models of the store. */
@Command(
    name = "list",
    description = "Lists the models of the local store (~/.puna/models, or PUNA_HOME/models).",
    footer = {"", "Examples:", "  puna models list", "  puna models list --json"})
final class ListCommand implements Runnable {
  private final Context context;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  ListCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    ModelStore store = context.store();
    List<ModelStore.Entry> entries = store.list();
    if (json) {
      context.json(entries.stream().map(ListCommand::fields).toList());
    } else if (entries.isEmpty()) {
      context.note("puna: no models in " + store.folder());
    } else {
      Table table = new Table("NAME", "SIZE", "PATH");
      entries.forEach(e -> table.row(e.name(), Units.bytes(e.bytes()), e.path()));
      context.console().out().print(table.text());
    }
  }

  private static Map<String, Object> fields(ModelStore.Entry e) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", e.name());
    fields.put("path", e.path().toString());
    fields.put("bytes", e.bytes());
    return fields;
  }
}
