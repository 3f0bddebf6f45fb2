package org.puna.fleet;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;

/** The accelerators that are known by name: the shipped list and what the user adds to it. */
public final class Catalogue {
  private static final List<String> COLUMNS =
      List.of(
          "name",
          "vendor",
          "bf16_tflops",
          "fp8_tflops",
          "memory_gb",
          "bandwidth_tbps",
          "tdp_w",
          "link_gbps",
          "scale_up_chips",
          "measured_bf16_tflops",
          "source");

  private final Map<String, Accelerator> byName;

  private Catalogue(Map<String, Accelerator> byName) {
    this.byName = byName;
  }

  /** Returns the catalogue that ships with Puna, every row with the source of its figures. */
  public static Catalogue shipped() {
    try (InputStream in = Catalogue.class.getResourceAsStream("accelerators.csv")) {
      if (in == null) throw new IllegalStateException("accelerators.csv is missing from the jar");
      Reader text = new InputStreamReader(in, StandardCharsets.UTF_8);
      return new Catalogue(Map.of()).plusCsv(text, "accelerators.csv");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * This catalogue with one more chip; a chip of the same name is replaced.
   *
   * @param chip what to add
   */
  public Catalogue plus(Accelerator chip) {
    Map<String, Accelerator> all = new LinkedHashMap<>(byName);
    all.put(key(chip.name()), chip);
    return new Catalogue(all);
  }

  /**
   * This catalogue with the chips of a CSV file in the format of the shipped one. The columns name,
   * bf16_tflops, memory_gb, bandwidth_tbps and source are required.
   *
   * @param text the file
   * @param file its name for errors
   * @throws BadInput with file, line and remedy
   */
  public Catalogue plusCsv(Reader text, String file) {
    Map<String, Accelerator> all = new LinkedHashMap<>(byName);
    for (Csv.Row row : Csv.read(text, file, COLUMNS)) {
      Accelerator chip = chip(row);
      all.put(key(chip.name()), chip);
    }
    return new Catalogue(all);
  }

  private static Accelerator chip(Csv.Row row) {
    String name = row.required("name");
    try {
      return new Accelerator(
          name,
          row.text("vendor").orElse(""),
          row.requiredNumber("bf16_tflops"),
          row.number("fp8_tflops"),
          row.requiredNumber("memory_gb"),
          row.requiredNumber("bandwidth_tbps"),
          row.number("tdp_w"),
          row.number("link_gbps"),
          (int) row.number("scale_up_chips").orElse(8),
          row.number("measured_bf16_tflops"),
          row.required("source"));
    } catch (BadInput e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(row.where()) ? e : new BadInput(row.where() + ": " + message, e);
    }
  }

  /** Returns all chips in the order they were added. */
  public Collection<Accelerator> chips() {
    return byName.values();
  }

  /**
   * The chip of a name. Case does not matter, and a name that begins exactly one chip (such as
   * {@code MI300X} or {@code H200}) finds it; {@code A100} and {@code H100} mean the 80 GB SXM
   * chips.
   *
   * @param name what the user wrote
   */
  public Optional<Accelerator> find(String name) {
    String k = key(name);
    Accelerator exact = byName.get(k);
    if (exact != null) return Optional.of(exact);
    if (k.isEmpty()) return Optional.empty();
    Accelerator sxm = byName.get(k + "-80gb-sxm");
    if (sxm != null) return Optional.of(sxm);
    List<Accelerator> begins = new ArrayList<>();
    byName.forEach((n, chip) -> {
      if (n.startsWith(k + "-")) begins.add(chip);
    });
    return begins.size() == 1 ? Optional.of(begins.getFirst()) : Optional.empty();
  }

  /**
   * The chip of a name, or one line that lists the known names.
   *
   * @param name what the user wrote
   * @param where file, line and key, the start of the error
   * @throws BadInput if no chip has the name
   */
  public Accelerator get(String name, String where) {
    return find(name)
        .orElseThrow(() ->
            new BadInput(
                where
                    + ": unknown chip \""
                    + Quantity.brief(name)
                    + "\"; known are "
                    + String.join(", ", byName.values().stream().map(Accelerator::name).toList())
                    + "; or add it with its figures under accelerators"));
  }

  private static String key(String name) {
    return name.strip().toLowerCase(Locale.ROOT).replace(' ', '-').replace('_', '-');
  }
}
