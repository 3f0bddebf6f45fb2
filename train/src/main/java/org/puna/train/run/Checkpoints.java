package org.puna.train.run;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.tensor.Tensor;
import org.puna.train.optim.Optimizer;
import org.puna.train.optim.Schedule;
import org.puna.train.params.Parameter;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Saves and restores all that a run needs to go on bit for bit: weights, what the optimiser
 * remembers, the step. Data and random numbers follow from the step. A checkpoint is a folder that
 * appears whole by one rename; its list of checksums is checked before it is used, and a damaged
 * one gives way to the one before.
 */
public final class Checkpoints {
  private static final System.Logger LOG = System.getLogger(Checkpoints.class.getName());
  private static final String PREFIX = "step-";
  private static final String WEIGHTS = "weights.safetensors";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String ORIGIN = "origin.";
  private static final String STATE = "state.json";

  /** Numbers that are copied at a time. */
  private static final int PIECE = 1 << 20;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path folder;
  private final int keep;
  private final Map<String, String> origin;

  /**
   * Checkpoints in a folder.
   *
   * @param keep how many are kept, at least 1
   */
  public Checkpoints(Path folder, int keep) {
    this(folder, keep, Map.of());
  }

  /**
   * Checkpoints in a folder, of a run that must go on with what it began with.
   *
   * @param origin fingerprints of what it began with, by name, such as {@code data}
   */
  Checkpoints(Path folder, int keep, Map<String, String> origin) {
    this.folder = folder;
    this.keep = keep;
    this.origin = Map.copyOf(origin);
  }

  /**
   * Where a run stands.
   *
   * @param step steps done
   * @param tokens read
   * @param path the checkpoint
   */
  public record Position(long step, long tokens, Path path) {}

  /**
   * Saves.
   *
   * @param step steps done
   * @param tokens read
   * @param recipe the resolved recipe, which a resumed run must match
   * @throws BadInput if the disk is full or refuses; older checkpoints stay
   */
  public Path save(
      long step, long tokens, String recipe, List<Parameter> trained, Optimizer optimizer) {
    Path target = folder.resolve(String.format(java.util.Locale.ROOT, "%s%08d", PREFIX, step));
    Path draft = folder.resolve(target.getFileName() + ".part");
    try {
      delete(draft);
      Files.createDirectories(draft);
      Map<String, float[]> weights = new LinkedHashMap<>();
      for (Parameter p : trained) weights.put(p.name(), p.value());
      write(draft.resolve(WEIGHTS), weights);
      write(draft.resolve(OPTIMIZER), optimizer.state());
      var o = JsonMapper.shared().createObjectNode();
      o.put("step", step);
      o.put("tokens", tokens);
      o.put("recipe", recipe);
      origin.forEach((name, print) -> o.put(ORIGIN + name, print));
      o.put(WEIGHTS, checksum(draft.resolve(WEIGHTS)));
      o.put(OPTIMIZER, checksum(draft.resolve(OPTIMIZER)));
      Files.writeString(draft.resolve(STATE), o.toPrettyString() + "\n");
      force(draft.resolve(STATE), StandardOpenOption.WRITE);
      force(draft, StandardOpenOption.READ);
      delete(target);
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
      force(folder, StandardOpenOption.READ);
      thin();
      return target;
    } catch (IOException | BadInput e) {
      discard(draft);
      throw new BadInput(
          target
              + ": the checkpoint cannot be written: "
              + e.getMessage()
              + "; the last good one stays; make room and continue with --resume",
          e);
    }
  }

  /** Gives the room of a checkpoint that could not be written back, as far as the disk lets it. */
  private static void discard(Path draft) {
    try {
      delete(draft);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} stays: {1}", draft, e.getMessage());
    }
  }

  private static void write(Path file, Map<String, float[]> arrays) {
    List<SafetensorsWriter.Spec> specs = new ArrayList<>();
    arrays.forEach(
        (name, x) -> specs.add(new SafetensorsWriter.Spec(name, Dtype.F32, new long[] {x.length})));
    try (Arena arena = Arena.ofConfined();
        SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
      MemorySegment buffer = arena.allocate(PIECE * (long) Float.BYTES, Float.BYTES);
      int i = 0;
      for (float[] x : arrays.values()) {
        for (int at = 0; at < x.length; at += PIECE) {
          int n = Math.min(PIECE, x.length - at);
          MemorySegment.copy(x, at, buffer, FLOAT, 0, n);
          writer.write(i, (long) at * Float.BYTES, buffer.asSlice(0, (long) n * Float.BYTES));
        }
        i++;
      }
      writer.commit();
    }
  }

  private static void force(Path path, StandardOpenOption how) throws IOException {
    try (FileChannel c = FileChannel.open(path, how)) {
      c.force(true);
    }
  }

  private static String checksum(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 20];
    try (var in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) crc.update(buffer, 0, n);
    }
    return Files.size(file) + ":" + Long.toHexString(crc.getValue());
  }

  /** Returns the checkpoints, the newest first. */
  private List<Path> all() {
    if (!Files.isDirectory(folder)) return List.of();
    try (Stream<Path> s = Files.list(folder)) {
      return s.filter(p -> String.valueOf(p.getFileName()).matches(PREFIX + "\\d+"))
          .sorted(Comparator.comparing((Path p) -> String.valueOf(p.getFileName())).reversed())
          .toList();
    } catch (IOException e) {
      throw MappedFile.unreadable(folder, e);
    }
  }

  private void thin() throws IOException {
    List<Path> all = all();
    for (int i = keep; i < all.size(); i++) delete(all.get(i));
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    try (Stream<Path> s = Files.walk(folder)) {
      for (Path p : s.sorted(Comparator.reverseOrder()).toList()) Files.delete(p);
    }
  }

  /**
   * Restores the newest checkpoint that is whole, into the given arrays.
   *
   * @param recipe the resolved recipe
   * @return empty where there is no checkpoint
   * @throws BadInput if it is of another recipe, or none is whole
   */
  public Optional<Position> restore(String recipe, List<Parameter> trained, Optimizer optimizer) {
    List<String> bad = new ArrayList<>();
    for (Path p : all()) {
      Optional<String> damage = damage(p);
      if (damage.isPresent()) {
        bad.add(damage.get());
        LOG.log(System.Logger.Level.WARNING, "{0}; taking the one before", damage.get());
        continue;
      }
      return Optional.of(read(p, recipe, trained, optimizer));
    }
    if (!bad.isEmpty()) {
      throw new BadInput(bad.getFirst() + "; no whole checkpoint is left, begin anew");
    }
    return Optional.empty();
  }

  /**
   * Checks that the newest checkpoint that can be read, if there is one, is of a recipe.
   *
   * @throws BadInput if it is of another one
   */
  public void agree(String recipe) {
    for (Path p : all()) {
      try {
        JsonNode state = JsonMapper.shared().readTree(Files.readString(p.resolve(STATE)));
        matches(p, state.path("recipe").asString(""), recipe, state.path("step").asLong(0));
        return;
      } catch (IOException | JacksonException e) {
        LOG.log(System.Logger.Level.DEBUG, "{0} cannot be read: {1}", p, e.getMessage());
      }
    }
  }

  /** Returns the newest checkpoint that is whole. */
  public Optional<Path> newest() {
    return all().stream().filter(p -> damage(p).isEmpty()).findFirst();
  }

  private static Optional<String> damage(Path p) {
    try {
      JsonNode state = JsonMapper.shared().readTree(Files.readString(p.resolve(STATE)));
      for (String file : List.of(WEIGHTS, OPTIMIZER)) {
        if (!checksum(p.resolve(file)).equals(state.path(file).asString(""))) {
          return Optional.of(p.resolve(file) + ": the checkpoint is damaged: wrong checksum");
        }
      }
      return Optional.empty();
    } catch (IOException | JacksonException e) {
      String why = e instanceof JacksonException ? STATE + " is no JSON" : e.getMessage();
      return Optional.of(p + ": the checkpoint is damaged: " + why);
    }
  }

  private Position read(Path p, String recipe, List<Parameter> trained, Optimizer optimizer) {
    try {
      JsonNode state = JsonMapper.shared().readTree(Files.readString(p.resolve(STATE)));
      long step = state.path("step").asLong(0);
      matches(p, state.path("recipe").asString(""), recipe, step);
      // Checkpoints of before have no fingerprints.
      origin.forEach((name, print) -> {
        if (!state.path(ORIGIN + name).asString(print).equals(print)) {
          throw new BadInput(
              p
                  + ": the run began with another "
                  + name
                  + " than is given now; go on with what it began with, or choose another --out");
        }
      });
      try (Safetensors w = Safetensors.open(p.resolve(WEIGHTS));
          Safetensors m = Safetensors.open(p.resolve(OPTIMIZER))) {
        for (Parameter q : trained) copy(w.tensor(q.name()), q.value(), q.name());
        optimizer.state().forEach((name, x) -> copy(m.tensor(name), x, name));
      }
      return new Position(step, state.path("tokens").asLong(0), p);
    } catch (IOException e) {
      throw MappedFile.unreadable(p, e);
    }
  }

  /**
   * Checks that what was done so far is what a recipe would have done. How far a run goes, and what
   * it measures and keeps on the way, may change while the learning rate does not fall yet.
   */
  private static void matches(Path p, String before, String now, long step) {
    if (before.equals(now)) return;
    Recipe old = Recipe.parse(p.resolve(STATE).toString(), before);
    Recipe next = Recipe.parse("recipe", now);
    List<String> differ = new ArrayList<>(next.differences(old));
    differ.removeIf(k -> k.startsWith("checkpoint.") || k.startsWith("validation."));
    differ.removeIf(k -> k.startsWith("samples."));
    List<String> horizon = List.of("steps", "schedule.warmdown");
    if (horizon.containsAll(differ)
        && (differ.isEmpty() || (level(old, step) && level(next, step)))) {
      return;
    }
    throw new BadInput(
        p
            + ": the checkpoint is of another recipe: "
            + String.join(", ", differ)
            + " differ; continue with the recipe.yaml beside it, or choose another folder");
  }

  /** Whether the learning rate of every step so far does not depend on where the run ends. */
  private static boolean level(Recipe r, long step) {
    return switch (r.schedule()) {
      case Schedule.Constant _ -> true;
      case Schedule.Warmdown w -> step <= w.steps() - w.warmdown();
      case Schedule.Cosine _ -> false;
    };
  }

  private static void copy(Tensor from, float[] to, String name) {
    if (from.elements() != to.length) {
      throw new BadInput(
          "checkpoint: " + name + " has " + from.elements() + " numbers, expected " + to.length);
    }
    from.format().decode(from.data(), 0, to, 0, to.length);
  }
}
