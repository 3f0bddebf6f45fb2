package org.puna.app.fleet;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.puna.app.cli.Context;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Checks and shows an inventory. */
@Command(
    name = "inventory",
    description = "Checks an inventory and shows what it holds, with power, memory and price.",
    footer = {"", "Example:", "  puna fleet inventory fleet/examples/announced-fleet.yaml"})
final class InventoryCommand implements Runnable {
  private final Context context;

  @Parameters(index = "0", paramLabel = "INVENTORY", description = "A YAML or CSV file.")
  private Path inventory = Path.of("");

  @Mixin private MachineOptions machines = new MachineOptions();
  @Mixin private ReportOptions options = new ReportOptions();

  InventoryCommand(Context context) {
    this.context = context;
  }

  @Override
  public void run() {
    Inventory inv = InventoryReader.read(inventory, machines.chips());
    Report out = new Report(inv.name());
    out.table(
        inv.name(),
        "site",
        "chip",
        "count",
        "delivered",
        "PFLOP/s BF16",
        "memory TB",
        "MW of chips",
        "rent USD/h",
        "price MUSD");
    double mw = 0;
    double pflops = 0;
    for (Inventory.Group g : inv.groups()) {
      double groupMw = g.count() * g.chip().tdpW().orElse(0) / 1e6;
      double groupPflops = g.count() * g.chip().bf16Tflops() / 1e3;
      mw += groupMw;
      pflops += groupPflops;
      out.row(
          g.site(),
          g.chip().name(),
          Amounts.whole(g.count()),
          g.delivered().map(String::valueOf).orElse("-"),
          Amounts.whole(groupPflops),
          Amounts.whole(g.count() * g.chip().memoryGb() / 1e3),
          g.chip().tdpW().isPresent() ? Amounts.f("%.1f", groupMw) : "-",
          number(g.rentUsdPerHour(), 1),
          number(g.priceUsd(), g.count() / 1e6));
    }
    out.note(
        "In all "
            + Amounts.whole(inv.chips())
            + " chips, "
            + Amounts.whole(pflops)
            + " PFLOP/s BF16, "
            + Amounts.f("%.1f", mw)
            + " MW of chips at their design power.");
    inv.assumptions().forEach(a -> out.note("Assumed: " + a));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", inv.name());
    json.put("chips", inv.chips());
    json.put("bf16Pflops", pflops);
    json.put("megawatts", mw);
    json.put("groups", inv.groups());
    out.print(context, options, json);
  }

  private static String number(OptionalDouble v, double times) {
    return v.isPresent() ? Amounts.f("%.2f", v.getAsDouble() * times) : "-";
  }
}
