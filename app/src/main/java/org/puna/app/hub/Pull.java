package org.puna.app.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;

/**
 * Brings a model from a hub into the store. Files gather in a folder beside the store, where no
 * model is looked for, and move into it in one step when all are there and checked; what an
 * interrupted pull left is used by the next.
 */
public final class Pull {
  private final HubSettings settings;
  private final Path home;
  private final Retry retry;

  /** Shows progress. */
  public interface Display {
    /**
     * Begins.
     *
     * @param bytes of all files
     * @return hears of bytes and files
     */
    Shown begin(long bytes);
  }

  /** A running display. */
  public interface Shown extends AutoCloseable {
    /** More bytes are here; fewer where a file begins again. */
    void bytes(long more);

    /** A file is being looked at. */
    void file(String path);

    @Override
    void close();
  }

  /**
   * What was pulled.
   *
   * @param name the model's name in the store
   * @param path its folder, or its first GGUF file
   * @param files number of its files
   * @param bytes their size
   * @param commit the commit that they are of
   */
  public record Pulled(String name, Path path, int files, long bytes, String commit) {}

  /**
   * Pulls into a home folder, whose {@code models} is the store.
   *
   * @param settings where from
   */
  public Pull(HubSettings settings, Path home) {
    this(settings, home, Retry.DEFAULT);
  }

  Pull(HubSettings settings, Path home, Retry retry) {
    this.settings = settings;
    this.home = home;
    this.retry = retry;
  }

  /**
   * Pulls a model.
   *
   * @throws BadInput if the hub has no such model or does not give it
   * @throws HubFailure if the network, the hub or the disk fails
   */
  public Pulled run(Reference ref, Display display) throws InterruptedException {
    try (Hub hub = new Hub(settings)) {
      Repository repository = Repository.list(hub, retry.brief(), ref);
      Selection selection = Selection.of(ref, repository.files());
      Path pulls = Files.createDirectories(home.resolve("pulls"));
      String key = ref.repo().replace("/", "--") + "--" + safe(repository.commit());
      try (FileChannel lock =
              FileChannel.open(
                  pulls.resolve(key + ".lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock held = locked(lock, ref)) {
        Path staging = pulls.resolve(key).resolve(selection.folder() ? "folder" : "gguf");
        Files.createDirectories(staging);
        Path target = home.resolve("models").resolve(ref.name());
        reuse(selection, staging, target);
        checkRoom(selection, staging, ref);
        long total = selection.files().stream().mapToLong(f -> Math.max(0, f.bytes())).sum();
        try (Shown shown = display.begin(total)) {
          Download download = new Download(hub, retry, watcher(shown));
          for (RemoteFile f : selection.files()) {
            URI address = hub.address(ref.repo(), "resolve", repository.commit(), f.path());
            download.fetch(ref + ":" + f.path(), address, f, staging.resolve(local(selection, f)));
          }
        }
        Pulled pulled = install(ref, repository, selection, staging, target);
        delete(pulls.resolve(key));
        assert held.isValid();
        return pulled;
      }
    } catch (IOException e) {
      throw new HubFailure(ref + ": cannot be stored: " + e.getMessage(), e);
    }
  }

  private static String safe(String commit) {
    return commit.replaceAll("[^A-Za-z0-9._-]", "-");
  }

  private static FileLock locked(FileChannel lock, Reference ref) throws IOException {
    FileLock held = null;
    try {
      held = lock.tryLock();
    } catch (OverlappingFileLockException e) {
      // This process pulls it already: said below.
    }
    if (held == null) throw new BadInput(ref + ": is being pulled by another puna; wait for it");
    return held;
  }

  private static Download.Watcher watcher(Shown shown) {
    return new Download.Watcher() {
      @Override
      public void bytes(long more) {
        shown.bytes(more);
      }

      @Override
      public void file(String path) {
        shown.file(path);
      }
    };
  }

  /** A folder keeps its shape; parts of a GGUF lie side by side wherever the hub has them. */
  private static String local(Selection s, RemoteFile f) {
    return s.folder() ? f.path() : f.path().substring(f.path().lastIndexOf('/') + 1);
  }

  /** Takes files that an earlier pull brought and that are still what the hub has. */
  private static void reuse(Selection selection, Path staging, Path target) throws IOException {
    for (RemoteFile f : selection.files()) {
      Path old = target.resolve(local(selection, f));
      Path now = staging.resolve(local(selection, f));
      if (Files.exists(now) || !Files.isRegularFile(old) || Files.size(old) != f.bytes()) continue;
      if (f.digest().expected().isEmpty()
          || !Download.hash(old, f.digest(), f.bytes()).equals(f.digest().expected())) {
        continue;
      }
      Files.createDirectories(now.getParent());
      try {
        Files.createLink(now, old);
      } catch (UnsupportedOperationException | IOException e) {
        Files.copy(old, now, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void checkRoom(Selection selection, Path staging, Reference ref)
      throws IOException {
    long missing = 0;
    for (RemoteFile f : selection.files()) {
      Path now = staging.resolve(local(selection, f));
      Path part = now.resolveSibling(now.getFileName() + ".part");
      long have = Files.exists(now) ? Files.size(now) : Files.exists(part) ? Files.size(part) : 0;
      missing = Math.addExact(missing, Math.max(0, f.bytes() - have));
    }
    long free = Files.getFileStore(staging).getUsableSpace();
    if (missing > free) {
      throw new HubFailure(
          ref
              + ": needs "
              + missing
              + " more bytes, but "
              + staging
              + " has only "
              + free
              + " free; free some space, or set PUNA_HOME to a larger disk");
    }
  }

  private static Pulled install(
      Reference ref, Repository repository, Selection selection, Path staging, Path target)
      throws IOException {
    long bytes = 0;
    List<Path> locals = new ArrayList<>();
    for (RemoteFile f : selection.files()) {
      locals.add(Path.of(local(selection, f)));
      bytes += Files.size(staging.resolve(local(selection, f)));
    }
    if (selection.folder()) {
      keepOnly(staging, locals);
      replace(staging, target);
      return new Pulled(ref.name(), target, locals.size(), bytes, repository.commit());
    }
    Files.createDirectories(target);
    // A split model is found by its first part, which therefore comes last.
    List<Path> ordered = locals.stream().sorted(Comparator.reverseOrder()).toList();
    for (Path p : ordered) {
      Files.move(
          staging.resolve(p),
          target.resolve(p),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    }
    Path first = ordered.getLast();
    String stem = first.toString().replaceFirst("\\.gguf$", "");
    return new Pulled(
        ref.name() + "/" + stem, target.resolve(first), locals.size(), bytes, repository.commit());
  }

  /** Removes what an earlier pull of the same commit left and this one does not want. */
  private static void keepOnly(Path staging, List<Path> wanted) throws IOException {
    Set<Path> keep = new HashSet<>(wanted);
    try (Stream<Path> all = Files.walk(staging)) {
      for (Path p : all.filter(Files::isRegularFile).toList()) {
        if (!keep.contains(staging.relativize(p))) Files.delete(p);
      }
    }
  }

  private static void replace(Path staging, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Path old = staging.resolveSibling("old");
    delete(old);
    if (Files.exists(target)) {
      // GGUF files of the same repository stay.
      try (Stream<Path> files = Files.list(target)) {
        for (Path p : files.filter(f -> f.toString().endsWith(".gguf")).toList()) {
          Path to = staging.resolve(p.getFileName());
          if (!Files.exists(to)) Files.move(p, to);
        }
      }
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    delete(old);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(p);
    }
  }
}
