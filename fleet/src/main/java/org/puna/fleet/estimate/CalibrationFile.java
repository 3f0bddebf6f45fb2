package org.puna.fleet.estimate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.puna.fleet.Accelerator;
import org.puna.fleet.Catalogue;
import org.puna.model.config.ActivationMemory.Recompute;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Calibrations as JSON: the two that ship, and those that a user saved by name. */
public final class CalibrationFile {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final long MAX_BYTES = 1 << 20;

  private CalibrationFile() {}

  /**
   * The calibration that ships for clusters: 2 to 3,072 A100 in many servers (vTrain's 512-GPU
   * measurements and Megatron-LM's table of 2021). The default of every estimate.
   *
   * @param catalogue knows the measured chip
   */
  public static Calibration cluster(Catalogue catalogue) {
    return shipped("cluster", catalogue);
  }

  /**
   * The calibration that ships for one server: 2 to 8 A100 with small models, where the host's
   * launches decide (vTrain's single-node measurements).
   *
   * @param catalogue knows the measured chip
   */
  public static Calibration node(Catalogue catalogue) {
    return shipped("node", catalogue);
  }

  private static Calibration shipped(String name, Catalogue catalogue) {
    try (InputStream in = CalibrationFile.class.getResourceAsStream(name + ".json")) {
      if (in == null) throw new IllegalStateException(name + ".json is missing from the jar");
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), name, catalogue);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The calibration of a name: {@code cluster} or {@code node}, else a saved one.
   *
   * @param name the name
   * @param folder where saved ones lie
   * @param catalogue knows the measured chip
   * @throws BadInput if there is none
   */
  public static Calibration named(String name, Path folder, Catalogue catalogue) {
    Path file = file(name, folder);
    if (Files.isRegularFile(file)) {
      try {
        if (Files.size(file) > MAX_BYTES) {
          throw new BadInput(file + ": too large for a calibration; run fleet calibrate again");
        }
        return parse(Files.readString(file), file.toString(), catalogue);
      } catch (IOException e) {
        throw new BadInput(file + ": cannot be read: " + e.getMessage() + "; check the file", e);
      }
    }
    return switch (name) {
      case "cluster" -> cluster(catalogue);
      case "node" -> node(catalogue);
      default ->
          throw new BadInput(
              "calibration \""
                  + name
                  + "\": not in "
                  + folder
                  + "; run puna fleet calibrate FILE --name "
                  + name
                  + ", or use cluster or node");
    };
  }

  /**
   * Saves a calibration by its name.
   *
   * @param c the calibration
   * @param folder where saved ones lie; made if it is missing
   * @return the file
   */
  public static Path save(Calibration c, Path folder) {
    Path file = file(c.name(), folder);
    try {
      Files.createDirectories(folder);
      Files.writeString(file, JSON.writeValueAsString(json(c)) + "\n");
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be written", e);
    }
  }

  private static Path file(String name, Path folder) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")) {
      throw new BadInput(
          "calibration name \"" + name + "\": use up to 64 letters, digits, dots, dashes");
    }
    return folder.resolve(name + ".json");
  }

  /**
   * A calibration as a tree of maps, for JSON output.
   *
   * @param c the calibration
   */
  public static Map<String, Object> json(Calibration c) {
    Map<String, Object> conditions = new LinkedHashMap<>();
    Machine m = c.conditions().machine();
    conditions.put("chip", m.chip().name());
    conditions.put("nodeChips", m.nodeChips());
    conditions.put("linkGBps", m.linkGBps());
    conditions.put("scaleOutGBps", m.scaleOutGBps());
    conditions.put("ports", m.ports());
    conditions.put("recompute", c.conditions().recompute().name().toLowerCase(Locale.ROOT));
    Map<String, Object> constants = new LinkedHashMap<>();
    c.values().forEach((k, v) -> constants.put(k.name().toLowerCase(Locale.ROOT), v));
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", c.name());
    all.put("description", c.description());
    all.put("conditions", conditions);
    all.put("constants", constants);
    all.put("shapes", c.shapes().shapes().stream().map(CalibrationFile::numbers).toList());
    all.put("fit", c.fit());
    return all;
  }

  private static Calibration parse(String text, String where, Catalogue catalogue) {
    try {
      JsonNode root = JSON.readTree(text);
      JsonNode cond = root.path("conditions");
      Accelerator chip = catalogue.get(cond.path("chip").asString(""), where + ": chip");
      Machine machine =
          Machine.of(chip)
              .withNode(cond.path("linkGBps").asDouble(0), cond.path("nodeChips").asInt(0))
              .withScaleOut(cond.path("scaleOutGBps").asDouble(0), where)
              .withPorts(cond.path("ports").asInt(0));
      Recompute recompute =
          Recompute.valueOf(cond.path("recompute").asString("").toUpperCase(Locale.ROOT));
      Map<Constant, Double> values = new EnumMap<>(Constant.class);
      for (Constant c : Constant.values()) {
        JsonNode v = root.path("constants").path(c.name().toLowerCase(Locale.ROOT));
        if (v.isNumber() && v.asDouble() > 0) values.put(c, v.asDouble());
      }
      JsonNode fit = root.path("fit");
      return new Calibration(
          root.path("name").asString(where),
          root.path("description").asString(""),
          new Conditions(machine, recompute),
          values,
          shapes(root.path("shapes")),
          new Calibration.Residuals(
              fit.path("rows").asInt(0),
              fit.path("meanAbsolute").asDouble(0),
              fit.path("medianAbsolute").asDouble(0),
              fit.path("worst").asDouble(0),
              fit.path("unseenMeanAbsolute").asDouble(0),
              fit.path("unseenWorst").asDouble(0)));
    } catch (JacksonException | IllegalArgumentException e) {
      throw new BadInput(
          where + ": not a calibration; run puna fleet calibrate again to write it", e);
    }
  }

  /** A shape as a row: tensor parallelism, width, head, sequence, micro-batch or 0, weight. */
  private static List<Number> numbers(ShapeResiduals.Shape s) {
    return List.of(s.tp(), s.width(), s.headDim(), s.seq(), s.microBatch(), s.weight());
  }

  private static ShapeResiduals shapes(JsonNode rows) {
    List<ShapeResiduals.Shape> shapes = new ArrayList<>();
    for (JsonNode row : rows) {
      int[] n = new int[5];
      for (int i = 0; i < n.length; i++) {
        n[i] = row.path(i).asInt(0);
        // A micro-batch of 0 stands for all.
        int least = i == 4 ? 0 : 1;
        if (n[i] < least) throw new IllegalArgumentException("a measured shape has a size below 1");
      }
      double weight = row.path(n.length).asDouble(0);
      shapes.add(new ShapeResiduals.Shape(n[0], n[1], n[2], n[3], n[4], weight));
    }
    return new ShapeResiduals(shapes);
  }
}
