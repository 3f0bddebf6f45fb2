package org.puna.train.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;

/**
 * The folder of a run, which one process at a time holds. The system gives it back when a process
 * ends, however it ends; a folder that was made for it and in which nothing was written goes with
 * the hold.
 */
public final class RunFolder implements AutoCloseable {
  private static final String LOCK = ".lock";

  private final Path path;
  private final FileChannel channel;
  private final boolean made;

  private RunFolder(Path path, FileChannel channel, boolean made) {
    this.path = path;
    this.channel = channel;
    this.made = made;
  }

  /**
   * Takes a folder, before anything in it is read or written.
   *
   * @param resume whether the run that is in it goes on
   * @throws BadInput if another process holds it, it has a run in it that is not resumed, or it
   *     cannot be created
   */
  public static RunFolder take(Path path, boolean resume) {
    refuseRun(path, resume);
    boolean made = !Files.exists(path);
    try {
      Files.createDirectories(path);
      FileChannel channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (!locked(channel)) {
          throw new BadInput(
              path + ": another run works in this folder; wait for it, or choose another --out");
        }
        // The one that held it a moment ago may have left a run.
        refuseRun(path, resume);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return new RunFolder(path, channel, made);
    } catch (IOException e) {
      throw new BadInput(path + ": the run's folder cannot be made: " + e.getMessage(), e);
    }
  }

  /**
   * Returns whether a run once held a folder and no process does now: it ended, or was cut off.
   *
   * @throws BadInput if its lock cannot be looked at
   */
  public static boolean isLeft(Path path) {
    Path lock = path.resolve(LOCK);
    if (!Files.exists(lock)) return false;
    try (FileChannel c = FileChannel.open(lock, StandardOpenOption.WRITE)) {
      return locked(c);
    } catch (IOException e) {
      throw MappedFile.unreadable(lock, e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      return false; // held by this process
    }
  }

  private static void refuseRun(Path path, boolean resume) {
    if (!resume && Files.exists(path.resolve("metrics.jsonl"))) {
      throw new BadInput(
          path + ": a run is here already; continue it with --resume, or choose another --out");
    }
  }

  /** Returns where it is. */
  public Path path() {
    return path;
  }

  @Override
  public void close() {
    try (FileChannel c = channel;
        Stream<Path> all = Files.list(path)) {
      Path lock = path.resolve(LOCK);
      if (c.isOpen() && all.toList().equals(List.of(lock))) {
        Files.delete(lock);
        if (made) Files.delete(path);
      }
    } catch (IOException e) {
      throw MappedFile.unreadable(path, e);
    }
  }
}
