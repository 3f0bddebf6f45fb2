package org.puna.server.serving;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;

/**
 * The models by name. A model is loaded when it is first asked for; when the memory budget is
 * passed, those that nobody uses are unloaded, least recently used first, but never a pinned one.
 * Safe for many threads.
 */
public final class ModelRegistry implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ModelRegistry.class.getName());
  private static final int RETRY_SECONDS = 5;

  private final ServingOptions options;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final ReentrantLock loading = new ReentrantLock();
  private volatile boolean closed;

  /**
   * A registry; nothing is loaded yet.
   *
   * @throws BadInput if two models have the same name, or there is none
   */
  public ModelRegistry(List<ModelSpec> specs, ServingOptions options) {
    this.options = options;
    if (specs.isEmpty()) {
      throw new BadInput(
          "serve: expected a model to serve, found none; name a .gguf file, a folder"
              + " or a model that `puna models list` shows");
    }
    for (ModelSpec s : specs) {
      if (slots.put(s.name(), new Slot(s, options)) != null) {
        throw new BadInput(
            "serve: two models have the name '" + s.name() + "'; name one of them NAME=PATH");
      }
    }
  }

  private static final class Slot {
    final ModelSpec spec;
    final Admission admission;
    final long createdSeconds;
    @Nullable ServedModel model;
    int users;
    long lastUsed;
    long loads;

    /** What it took when it was loaded last. */
    long bytes;

    Slot(ModelSpec spec, ServingOptions options) {
      this.spec = spec;
      this.admission = new Admission(options.maxSequences(), options.maxQueue());
      this.createdSeconds = created(spec);
    }

    private static long created(ModelSpec spec) {
      try {
        return Files.getLastModifiedTime(spec.path()).toMillis() / 1000;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * A model as lists show it.
   *
   * @param name its name
   * @param createdSeconds when its file was written, seconds since 1970
   * @param pinned whether it stays loaded
   * @param model the loaded model, where it is loaded
   * @param loads how often it was loaded
   */
  public record Entry(
      String name, long createdSeconds, boolean pinned, Optional<ServedModel> model, long loads) {}

  /** Returns the models in the order in which they were given. */
  public List<Entry> list() {
    synchronized (slots) {
      return slots.values().stream().map(ModelRegistry::entry).toList();
    }
  }

  private static Entry entry(Slot s) {
    return new Entry(
        s.spec.name(), s.createdSeconds, s.spec.pinned(), Optional.ofNullable(s.model), s.loads);
  }

  /** Returns a model's entry. */
  public Optional<Entry> find(String name) {
    synchronized (slots) {
      return Optional.ofNullable(slots.get(name)).map(ModelRegistry::entry);
    }
  }

  /** Returns the name that is meant where a request names none. */
  public String defaultName() {
    return slots.keySet().iterator().next();
  }

  /** Returns a message with the names of models in place of their paths on this machine. */
  public String withoutPaths(String message) {
    String out = message;
    synchronized (slots) {
      for (Slot s : slots.values()) out = out.replace(s.spec.path().toString(), s.spec.name());
    }
    return out;
  }

  /** Whether every pinned model is loaded. */
  public boolean ready() {
    synchronized (slots) {
      return slots.values().stream().noneMatch(s -> s.spec.pinned() && s.model == null);
    }
  }

  /**
   * Loads the pinned models.
   *
   * @throws BadInput if the files of one are wrong
   */
  public void loadPinned() {
    for (Entry e : list()) {
      if (e.pinned()) loaded(slot(e.name()));
    }
  }

  private Slot slot(String name) {
    synchronized (slots) {
      Slot s = slots.get(name);
      // Clients of Ollama add the tag that names without one have there.
      if (s == null && name.endsWith(":latest")) {
        s = slots.get(name.substring(0, name.length() - ":latest".length()));
      }
      if (s == null) throw new ApiFailure(new ApiError.UnknownModel(name));
      return s;
    }
  }

  /**
   * Takes a model for a request, loading it if need be, with places for its answers.
   *
   * @param answers how many answers the request wants
   * @throws ApiFailure if there is no such model, all its places are taken or fewer than the
   *     answers, or it cannot be loaded
   */
  public Lease acquire(String name, int answers) {
    Slot s = slot(name);
    s.admission.enter(answers, name);
    try {
      while (true) {
        ServedModel m = loaded(s);
        synchronized (slots) {
          if (s.model == m) {
            s.users++;
            s.lastUsed = System.nanoTime();
            return new Lease(s, m, answers);
          }
        }
      }
    } catch (RuntimeException | Error e) {
      s.admission.leave(answers);
      throw e;
    }
  }

  private ServedModel loaded(Slot s) {
    synchronized (slots) {
      if (s.model != null) return s.model;
    }
    loading.lock();
    try {
      synchronized (slots) {
        if (s.model != null) return s.model;
      }
      if (closed) {
        throw new ApiFailure(new ApiError.Unavailable("The server shuts down", RETRY_SECONDS));
      }
      return load(s);
    } finally {
      loading.unlock();
    }
  }

  private ServedModel load(Slot s) {
    makeRoom(Math.max(s.bytes, fileBytes(s.spec)), s);
    long start = System.nanoTime();
    ServedModel m;
    try {
      m = new ServedModel(s.spec, options);
    } catch (BadInput e) {
      if (s.spec.pinned()) throw e;
      LOG.log(
          System.Logger.Level.WARNING,
          "model {0} cannot be loaded: {1}",
          s.spec.name(),
          e.getMessage());
      throw new ApiFailure(
          new ApiError.Unavailable(
              "The model '" + s.spec.name() + "' cannot be loaded; the server's log says why",
              RETRY_SECONDS));
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    LOG.log(
        System.Logger.Level.INFO,
        "model {0} loaded in {1} ms",
        s.spec.name(),
        Long.toString(millis));
    // Copies of weights are for memory that nobody else needs.
    if (usedBytes() + m.bytes() > options.memoryBytes()) m.dropRepacked();
    if (m.bytes() > options.memoryBytes()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "model {0} takes {1} MiB, more than the {2} MiB that models may take here: weights that"
              + " do not stay in memory are read from disk at every token; take a smaller or more"
              + " quantised model, or raise the memory of the machine or container (--memory)",
          s.spec.name(),
          Long.toString(m.bytes() >> 20),
          Long.toString(options.memoryBytes() >> 20));
    }
    synchronized (slots) {
      s.model = m;
      s.loads++;
      s.lastUsed = System.nanoTime();
    }
    // Only a loaded model tells what it takes beside its file.
    while (!fits(0) && unloadOldest(s)) {
      // the next one
    }
    return m;
  }

  private static long fileBytes(ModelSpec spec) {
    try (var files = Files.walk(spec.path(), 2)) {
      long sum = 0;
      for (var f : files.filter(Files::isRegularFile).toList()) sum += Files.size(f);
      return sum;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Unloads what nobody uses until there is room.
   *
   * @throws ApiFailure if what is in use leaves none
   */
  private void makeRoom(long bytes, Slot wanted) {
    while (!fits(bytes)) {
      if (!unloadOldest(wanted)) {
        throw new ApiFailure(
            new ApiError.Unavailable(
                "The model '"
                    + wanted.spec.name()
                    + "' has no room in memory while others work; try again",
                RETRY_SECONDS));
      }
    }
  }

  /** Whether so much more fits into the budget; a model alone always does. */
  private boolean fits(long bytes) {
    long used = usedBytes();
    return used == 0 || used + bytes <= options.memoryBytes();
  }

  private long usedBytes() {
    synchronized (slots) {
      long used = 0;
      for (Slot s : slots.values()) if (s.model != null) used += s.model.bytes();
      return used;
    }
  }

  /** Unloads the least recently used model but one; false if all are in use or pinned. */
  private boolean unloadOldest(Slot butNot) {
    ServedModel victim;
    Slot oldest;
    synchronized (slots) {
      Optional<Slot> found =
          slots.values().stream()
              .filter(s -> s.model != null && s.users == 0 && !s.spec.pinned())
              .filter(s -> !s.equals(butNot))
              .min(Comparator.comparingLong(s -> s.lastUsed));
      if (found.isEmpty()) return false;
      oldest = found.get();
      victim = Objects.requireNonNull(oldest.model);
      oldest.model = null;
      oldest.bytes = victim.leastBytes();
    }
    victim.close();
    LOG.log(System.Logger.Level.INFO, "model {0} unloaded", oldest.spec.name());
    return true;
  }

  /** A model that a request uses; it is not unloaded before this is closed. */
  public final class Lease implements AutoCloseable {
    private final Slot slot;
    private final ServedModel model;
    private final int answers;
    private boolean closedLease;

    private Lease(Slot slot, ServedModel model, int answers) {
      this.slot = slot;
      this.model = model;
      this.answers = answers;
    }

    /** Returns the model. */
    public ServedModel model() {
      return model;
    }

    /** Returns what the request called it. */
    public String name() {
      return slot.spec.name();
    }

    /** Gives the places back. */
    @Override
    public void close() {
      if (closedLease) return;
      closedLease = true;
      slot.admission.leave(answers);
      synchronized (slots) {
        slot.users--;
        slot.lastUsed = System.nanoTime();
      }
    }
  }

  @Override
  public void close() {
    loading.lock();
    try {
      closed = true;
      List<ServedModel> open = new ArrayList<>();
      synchronized (slots) {
        for (Slot s : slots.values()) {
          if (s.model != null) open.add(s.model);
          s.model = null;
        }
      }
      open.forEach(ServedModel::close);
    } finally {
      loading.unlock();
    }
  }
}
