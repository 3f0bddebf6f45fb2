package org.puna.fleet;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * Reads an {@link Inventory} from YAML or CSV. Both have the same keys; every quantity carries its
 * unit ({@code 0.08 USD/kWh}), in a CSV either in the cell or in the header ({@code rent [USD/h]}).
 *
 * <pre>{@code
 * name: Two sites
 * sites:
 *   - site: east
 *     power_price: 0.06 USD/kWh
 *     pue: 1.1
 *     carbon: 0.35 kg/kWh
 *     chips:
 *       - chip: H100-80GB-SXM
 *         count: 24576
 *         delivered: 2024-03-01
 *         scale_out: 400 Gbit/s
 * }</pre>
 */
public final class InventoryReader {
  /** Bytes of an inventory file that are read. */
  static final long MAX_BYTES = 16L << 20;

  private static final List<String> GROUP_KEYS =
      List.of(
          "chip",
          "count",
          "node",
          "pod",
          "scale_out",
          "ports",
          "oversubscription",
          "price",
          "rent",
          "power_price",
          "pue",
          "carbon",
          "delivered",
          "note");
  private static final List<String> SITE_KEYS =
      List.of(
          "site",
          "chips",
          "node",
          "pod",
          "scale_out",
          "ports",
          "oversubscription",
          "price",
          "rent",
          "power_price",
          "pue",
          "carbon",
          "delivered",
          "note");
  private static final List<String> TOP_KEYS =
      List.of("name", "assumptions", "accelerators", "sites");
  private static final List<String> CHIP_KEYS =
      List.of(
          "name",
          "vendor",
          "bf16",
          "fp8",
          "memory",
          "bandwidth",
          "tdp",
          "link",
          "scale_up_chips",
          "measured_bf16",
          "source");

  private InventoryReader() {}

  /**
   * Reads an inventory file; {@code .csv} is read as CSV, anything else as YAML.
   *
   * @param file the file
   * @param catalogue the chips that it may name
   * @throws BadInput with file, line and remedy
   */
  public static Inventory read(Path file, Catalogue catalogue) {
    String text;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new BadInput(file + ": larger than 16 MiB; an inventory has a line per group");
      }
      text = Files.readString(file);
      if (text.startsWith("\uFEFF")) text = text.substring(1);
    } catch (NoSuchFileException e) {
      throw new BadInput(file + ": no such file; give the path of an inventory (YAML or CSV)", e);
    } catch (MalformedInputException e) {
      throw new BadInput(file + ": not UTF-8 text; save the inventory as UTF-8", e);
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage() + "; check the path", e);
    }
    String name = String.valueOf(file.getFileName());
    return name.toLowerCase(Locale.ROOT).endsWith(".csv")
        ? csv(text, file.toString(), catalogue)
        : yaml(text, file.toString(), catalogue);
  }

  /**
   * Reads an inventory from YAML text.
   *
   * @param text the document
   * @param file its name for errors
   * @param catalogue the chips that it may name, beside those under {@code accelerators}
   */
  public static Inventory yaml(String text, String file, Catalogue catalogue) {
    YamlTree.Fields top = fields(YamlTree.read(text, file), "the document");
    known(top, TOP_KEYS);
    Catalogue chips = catalogue;
    for (YamlTree item : items(top, "accelerators")) chips = chips.plus(accelerator(item));
    List<String> assumptions = new ArrayList<>();
    for (YamlTree item : items(top, "assumptions")) {
      assumptions.add(scalar(item, "an assumption").text());
    }
    List<Inventory.Group> groups = new ArrayList<>();
    for (YamlTree item : items(top, "sites")) {
      YamlTree.Fields site = fields(item, "a site");
      known(site, SITE_KEYS);
      Map<String, Cell> inherited = cells(site);
      List<YamlTree> entries = items(site, "chips");
      if (entries.isEmpty()) {
        throw new BadInput(
            site.where() + ": the site has no chips; list chip and count under chips");
      }
      for (YamlTree entry : entries) {
        YamlTree.Fields group = fields(entry, "an entry of chips");
        known(group, GROUP_KEYS);
        Map<String, Cell> all = new LinkedHashMap<>(inherited);
        all.putAll(cells(group));
        groups.add(group(all, group.where(), chips));
      }
    }
    if (groups.isEmpty()) {
      throw new BadInput(file + ":1: no sites; write sites with chip and count");
    }
    String name =
        top.fields().get("name") instanceof YamlTree.Scalar s && !s.text().isBlank()
            ? s.text()
            : file;
    return checked(new Inventory(name, groups, assumptions), file);
  }

  /**
   * Reads an inventory from CSV text: the columns site, chip and count, and any of node, pod,
   * scale_out, ports, oversubscription, price, rent, power_price, pue, carbon, delivered.
   *
   * @param text the file
   * @param file its name for errors
   * @param catalogue the chips that it may name
   */
  public static Inventory csv(String text, String file, Catalogue catalogue) {
    List<Inventory.Group> groups = new ArrayList<>();
    for (Csv.Row row : Csv.read(new StringReader(text), file, List.of())) {
      Map<String, Cell> cells = new LinkedHashMap<>();
      for (Map.Entry<String, String> e : row.record().toMap().entrySet()) {
        String header = e.getKey().strip();
        int unitAt = header.indexOf('[');
        String key =
            (unitAt < 0 ? header : header.substring(0, unitAt)).strip().toLowerCase(Locale.ROOT);
        String value = e.getValue().strip();
        if (!"site".equals(key) && !GROUP_KEYS.contains(key)) {
          throw unknownKey(file + ":1", key, GROUP_KEYS);
        }
        if (value.isEmpty()) continue;
        if (unitAt >= 0) value += " " + header.substring(unitAt + 1).replace("]", "").strip();
        if (cells.put(key, new Cell(row.where(), value)) != null) {
          throw new BadInput(file + ":1: the column " + key + " is there twice; keep one of them");
        }
      }
      groups.add(group(cells, row.where(), catalogue));
    }
    if (groups.isEmpty()) throw new BadInput(file + ":2: no rows; give site, chip and count");
    return checked(new Inventory(file, groups, List.of()), file);
  }

  private static Inventory checked(Inventory inventory, String file) {
    if (inventory.chips() > Inventory.MAX_CHIPS) {
      throw new BadInput(
          file
              + ": "
              + inventory.chips()
              + " chips in all; at most "
              + Inventory.MAX_CHIPS
              + " are counted, check the counts");
    }
    return inventory;
  }

  /** A value as written and where it stands. */
  private record Cell(String where, String text) {}

  private static OptionalInt ports(Map<String, Cell> cells) {
    return cells.containsKey("ports")
        ? OptionalInt.of((int) whole(cells, "ports", 1, 100_000, 1))
        : OptionalInt.empty();
  }

  private static Inventory.Group group(Map<String, Cell> cells, String where, Catalogue chips) {
    Cell chipCell = cells.get("chip");
    if (chipCell == null) {
      throw new BadInput(where + ": chip is missing; name one of the catalogue");
    }
    Accelerator chip = chips.get(chipCell.text(), chipCell.where() + ": chip");
    if (!cells.containsKey("count")) {
      throw new BadInput(where + ": count is missing; say how many " + chip.name());
    }
    long count = whole(cells, "count", 0, Inventory.MAX_CHIPS, 0);
    int node = (int) whole(cells, "node", 1, 100_000, Math.min(chip.scaleUpChips(), 8));
    return new Inventory.Group(
        Optional.ofNullable(cells.get("site")).map(Cell::text).orElse("site"),
        chip,
        count,
        node,
        cells.containsKey("node"),
        whole(cells, "pod", node, Inventory.MAX_CHIPS, Math.max(count, node)),
        quantity(cells, "scale_out", Quantity.BANDWIDTH_GBPS),
        ports(cells),
        ratio(cells, "oversubscription").orElse(1),
        quantity(cells, "price", Quantity.USD),
        quantity(cells, "rent", Quantity.USD_PER_HOUR),
        quantity(cells, "power_price", Quantity.USD_PER_KWH),
        ratio(cells, "pue"),
        quantity(cells, "carbon", Quantity.KG_PER_KWH),
        date(cells.get("delivered")));
  }

  private static Accelerator accelerator(YamlTree item) {
    YamlTree.Fields f = fields(item, "an accelerator");
    known(f, CHIP_KEYS);
    Map<String, Cell> cells = cells(f);
    for (String key : List.of("name", "bf16", "memory", "bandwidth", "source")) {
      if (!cells.containsKey(key)) {
        throw new BadInput(
            f.where()
                + ": the accelerator has no "
                + key
                + "; give name, bf16, memory, bandwidth and the source of the figures");
      }
    }
    try {
      return new Accelerator(
          text(cells, "name"),
          text(cells, "vendor"),
          quantity(cells, "bf16", Quantity.TFLOPS).orElseThrow(),
          quantity(cells, "fp8", Quantity.TFLOPS),
          quantity(cells, "memory", Quantity.MEMORY_GB).orElseThrow(),
          quantity(cells, "bandwidth", Quantity.BANDWIDTH_TBPS).orElseThrow(),
          quantity(cells, "tdp", Quantity.POWER_W),
          quantity(cells, "link", Quantity.BANDWIDTH_GBPS),
          (int) whole(cells, "scale_up_chips", 1, 1_000_000, 8),
          quantity(cells, "measured_bf16", Quantity.TFLOPS),
          text(cells, "source"));
    } catch (BadInput e) {
      throw String.valueOf(e.getMessage()).startsWith("accelerator ")
          ? new BadInput(f.where() + ": " + e.getMessage(), e)
          : e;
    }
  }

  private static String text(Map<String, Cell> cells, String key) {
    Cell c = cells.get(key);
    return c == null ? "" : c.text();
  }

  private static OptionalDouble quantity(Map<String, Cell> cells, String key, Quantity q) {
    Cell c = cells.get(key);
    return c == null
        ? OptionalDouble.empty()
        : OptionalDouble.of(q.parse(c.text(), c.where() + ": " + key));
  }

  private static OptionalDouble ratio(Map<String, Cell> cells, String key) {
    Cell c = cells.get(key);
    if (c == null) return OptionalDouble.empty();
    double v;
    try {
      v = Double.parseDouble(Digits.ungrouped(c.text(), c.where() + ": " + key));
    } catch (NumberFormatException e) {
      v = Double.NaN;
    }
    if (!(v >= 1 && v <= 1000)) {
      throw new BadInput(
          c.where()
              + ": "
              + key
              + " must be a number of at least 1, found \""
              + Quantity.brief(c.text())
              + "\"; write for example 1.1");
    }
    return OptionalDouble.of(v);
  }

  private static long whole(Map<String, Cell> cells, String key, long min, long max, long missing) {
    Cell c = cells.get(key);
    if (c == null) return missing;
    String digits = Digits.ungrouped(c.text(), c.where() + ": " + key);
    long v;
    try {
      v = Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new BadInput(
          c.where()
              + ": "
              + key
              + " must be a whole number, found \""
              + Quantity.brief(c.text())
              + "\"; write digits only",
          e);
    }
    if (v < 0) {
      throw new BadInput(
          c.where() + ": " + key + " must not be negative, found " + v + "; remove the sign");
    }
    if (v < min || v > max) {
      throw new BadInput(
          c.where()
              + ": "
              + key
              + " must lie in "
              + min
              + " to "
              + max
              + ", found "
              + v
              + "; correct the number");
    }
    return v;
  }

  private static Optional<LocalDate> date(@Nullable Cell c) {
    if (c == null) return Optional.empty();
    String t = c.text().strip();
    try {
      return Optional.of(t.length() == 7 ? YearMonth.parse(t).atDay(1) : LocalDate.parse(t));
    } catch (DateTimeParseException e) {
      throw new BadInput(
          c.where()
              + ": delivered must be a day, found \""
              + Quantity.brief(t)
              + "\"; write for example 2024-03-01",
          e);
    }
  }

  private static Map<String, Cell> cells(YamlTree.Fields f) {
    Map<String, Cell> cells = new LinkedHashMap<>();
    f.fields()
        .forEach((key, v) -> {
          if ("chips".equals(key)) return;
          cells.put(key, new Cell(v.where(), scalar(v, key).text()));
        });
    return cells;
  }

  private static List<YamlTree> items(YamlTree.Fields f, String key) {
    YamlTree v = f.fields().get(key);
    if (v == null || v instanceof YamlTree.Scalar s && s.text().isBlank()) return List.of();
    if (v instanceof YamlTree.Items list) return list.items();
    throw new BadInput(v.where() + ": " + key + " must be a list; begin each entry with a dash");
  }

  private static YamlTree.Fields fields(YamlTree v, String what) {
    if (v instanceof YamlTree.Fields f) return f;
    throw new BadInput(v.where() + ": " + what + " must have keys; write key: value");
  }

  private static YamlTree.Scalar scalar(YamlTree v, String what) {
    if (v instanceof YamlTree.Scalar s) return s;
    throw new BadInput(
        v.where()
            + ": "
            + what
            + " must be a single value, found a list or keys; "
            + "write one value");
  }

  private static void known(YamlTree.Fields f, List<String> keys) {
    f.fields()
        .forEach((key, v) -> {
          if (!keys.contains(key)) throw unknownKey(v.where(), key, keys);
        });
  }

  private static BadInput unknownKey(String where, String key, List<String> keys) {
    return new BadInput(
        where
            + ": unknown key \""
            + Quantity.brief(key)
            + "\"; known are "
            + String.join(", ", keys));
  }
}
