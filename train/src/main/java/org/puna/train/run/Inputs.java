package org.puna.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.model.io.OutputFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run of further training was given beside its recipe, as it was named: {@code inputs.json}
 * in the run's folder. A recipe alone goes for other models and data, too.
 *
 * @param model the model that it began with
 * @param data files of conversations
 * @param replay a file of batches
 * @param teacher the model that it learned from
 * @param adapter adapters that it began with
 */
public record Inputs(
    String model,
    List<String> data,
    Optional<String> replay,
    Optional<String> teacher,
    Optional<String> adapter) {
  private static final String FILE = "inputs.json";

  /** Copies the list. */
  public Inputs {
    data = List.copyOf(data);
  }

  /** Returns the same with a teacher. */
  public Inputs taughtBy(String name) {
    return new Inputs(model, data, replay, Optional.of(name), adapter);
  }

  /**
   * Writes them into a run's folder.
   *
   * @throws BadInput if it cannot be written
   */
  public void write(Path folder) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("model", model);
    if (!data.isEmpty()) m.put("data", data);
    replay.ifPresent(r -> m.put("replay", r));
    teacher.ifPresent(t -> m.put("teacher", t));
    adapter.ifPresent(a -> m.put("adapter", a));
    OutputFile.writeText(
        folder.resolve(FILE),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(m) + "\n");
  }

  /**
   * Reads what a run was given; empty for a run that began with no model, or that an older version
   * did.
   *
   * @throws BadInput if the file is damaged
   */
  public static Optional<Inputs> read(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) return Optional.empty();
    try {
      JsonNode m = JsonMapper.shared().readTree(Files.readString(file));
      if (!m.path("model").isString()) {
        throw new BadInput(file + ": expected an object with \"model\"; delete it, or repair it");
      }
      List<String> data = new ArrayList<>();
      for (JsonNode d : m.path("data")) data.add(d.asString());
      return Optional.of(
          new Inputs(
              m.path("model").stringValue(),
              data,
              text(m, "replay"),
              text(m, "teacher"),
              text(m, "adapter")));
    } catch (JacksonException e) {
      throw new BadInput(file + ": not JSON; delete it, or repair it", e);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private static Optional<String> text(JsonNode m, String key) {
    return m.path(key).isString() ? Optional.of(m.path(key).stringValue()) : Optional.empty();
  }
}
