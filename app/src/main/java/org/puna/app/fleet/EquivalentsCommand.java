package org.puna.app.fleet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.puna.app.cli.Context;
import org.puna.fleet.Equivalents;
import org.puna.fleet.Equivalents.Basis;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Counts an inventory in H100 equivalents. */
@Command(
    name = "equivalents",
    description = "Counts an inventory in one unit by several bases, also over time.",
    footer = {"", "Example:", "  puna fleet equivalents fleet/examples/announced-fleet.yaml"})
final class EquivalentsCommand implements Runnable {
  private final Context context;

  @Parameters(index = "0", paramLabel = "INVENTORY", description = "A YAML or CSV file.")
  private Path inventory = Path.of("");

  @Option(
      names = "--unit",
      paramLabel = "CHIP",
      description = "The chip that is one: ${DEFAULT-VALUE}.")
  private String unit = "H100-80GB-SXM";

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  EquivalentsCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    Inventory inv = InventoryReader.read(inventory, machines.chips());
    Equivalents.Report r = Equivalents.of(inv, machines.chips().get(unit, "--unit"));
    Report out = new Report(inv.name() + " in " + r.unit() + " equivalents");
    out.table(
        inv.name() + ": " + Amounts.whole(r.chips()) + " chips in " + r.unit() + " equivalents",
        headings("site", "chip", "count"));
    for (Equivalents.Row row : r.rows()) {
      List<Object> cells =
          new ArrayList<>(List.of(row.site(), row.chip(), Amounts.whole(row.count())));
      for (Basis b : Basis.values()) {
        Double per = row.perChip().get(b);
        cells.add(per == null ? "-" : Amounts.whole(per * row.count()));
      }
      out.row(cells.toArray());
    }
    List<Object> total = new ArrayList<>(List.of("all", "", Amounts.whole(r.chips())));
    for (Basis b : Basis.values()) total.add(Amounts.whole(r.total().getOrDefault(b, 0.0)));
    out.row(total.toArray());
    for (Basis b : Basis.values()) {
      long left = r.uncounted().getOrDefault(b, 0L);
      if (left > 0) {
        out.note(
            b.title()
                + " leaves out "
                + Amounts.whole(left)
                + " chips whose figure is not published.");
      }
    }
    out.note(
        "No single definition of an equivalent exists; MTIA and other inference chips count by");
    out.note("peak and bandwidth although they do not train large models.");
    inv.assumptions().forEach(a -> out.note("Assumed: " + a));
    if (!r.timeline().isEmpty()) {
      out.table("Over time", headings("day", "", "chips"));
      for (Equivalents.Point p : r.timeline()) {
        List<Object> cells = new ArrayList<>(List.of(p.day(), "", Amounts.whole(p.chips())));
        for (Basis b : Basis.values()) cells.add(Amounts.whole(p.total().getOrDefault(b, 0.0)));
        out.row(cells.toArray());
      }
    }
    out.print(context, options, r);
  }

  private static String[] headings(String... first) {
    List<String> all = new ArrayList<>(List.of(first));
    for (Basis b : Basis.values()) all.add(b.title());
    return all.toArray(String[]::new);
  }
}
