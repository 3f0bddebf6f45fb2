package org.puna.model.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.puna.model.config.BadInput;

/**
 * A file mapped read-only into memory for as long as an arena lives. The pages are the system's
 * cache: opening is quick and takes no heap, whatever the size.
 *
 * @param path where it lies
 * @param bytes its whole content
 */
public record MappedFile(Path path, MemorySegment bytes) {
  /**
   * Maps a regular file.
   *
   * @param path the file
   * @param arena decides how long the mapping lives
   * @throws BadInput if there is no such regular file, it is empty, or it cannot be read
   */
  public static MappedFile open(Path path, Arena arena) {
    requireRegular(path);
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size == 0) {
        throw new BadInput(path + ": the file is empty");
      }
      return new MappedFile(path, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena));
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Checks that a path names a regular file, so that opening it cannot block on a pipe.
   *
   * @param path the file
   * @throws BadInput if it does not
   */
  public static void requireRegular(Path path) {
    if (!Files.exists(path)) {
      throw new BadInput(path + ": no such file; check the path");
    }
    if (!Files.isRegularFile(path)) {
      throw new BadInput(
          path
              + ": expected a regular file, found a "
              + (Files.isDirectory(path) ? "folder" : "device or pipe"));
    }
  }

  /**
   * Describes a failed read in one line.
   *
   * @param path what was read
   * @param e what happened
   */
  public static BadInput unreadable(Path path, IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> new BadInput(path + ": no such file; check the path", e);
      case AccessDeniedException _ ->
          new BadInput(path + ": not readable by this user; check its permissions", e);
      case ClosedByInterruptException _ ->
          new BadInput(path + ": not read, because the thread was interrupted", e);
      default -> new BadInput(path + ": cannot be read: " + reason(e), e);
    };
  }

  static String reason(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.replaceAll("\\s+", " ");
  }
}
