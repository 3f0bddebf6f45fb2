package org.puna.model.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.puna.model.config.BadInput;
import org.puna.model.config.DiskFull;

/**
 * A file that appears under its name whole or not at all: bytes go to a hidden neighbour, {@link
 * #commit()} flushes it to the disk and renames it, {@link #close()} without commit removes it.
 *
 * <p>{@link #write} may be called by many threads at once, each for its own range.
 */
public final class OutputFile implements AutoCloseable {
  private static final int CHUNK = 1 << 24;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private boolean committed;

  private OutputFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Begins a file.
   *
   * @param target its name once it is complete; an existing file is replaced at commit
   * @param bytes its final size, checked against the free space
   * @throws BadInput if the folder is missing or not writable, or the name is a folder's
   * @throws DiskFull if the disk has too little space
   */
  public static OutputFile create(Path target, long bytes) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null || Files.isDirectory(absolute)) {
      throw new BadInput(target + ": expected the name of a file to write, found a folder");
    }
    if (!Files.isDirectory(folder)) {
      throw new BadInput(target + ": the folder " + folder + " does not exist; create it first");
    }
    try {
      long free = Files.getFileStore(folder).getUsableSpace();
      if (free < bytes) {
        throw new DiskFull(
            target
                + ": the disk is full: it needs "
                + bytes
                + " bytes and has "
                + free
                + " free; free some space and try again");
      }
      Path temporary =
          folder.resolve(
              "."
                  + absolute.getFileName()
                  + "."
                  + Long.toHexString(ProcessHandle.current().pid())
                  + "-"
                  + Long.toHexString(System.nanoTime())
                  + ".part");
      var channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      // Ctrl-C in the middle of a long conversion leaves nothing behind.
      temporary.toFile().deleteOnExit();
      return new OutputFile(target, temporary, channel);
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /**
   * Writes bytes at a position.
   *
   * @param position bytes from the start of the file
   * @param bytes what to write
   * @throws BadInput if the disk is full or refuses
   */
  public void write(long position, MemorySegment bytes) {
    try {
      for (long done = 0; done < bytes.byteSize(); ) {
        long n = Math.min(CHUNK, bytes.byteSize() - done);
        ByteBuffer buffer = bytes.asSlice(done, n).asByteBuffer();
        while (buffer.hasRemaining()) {
          done += channel.write(buffer, position + done);
        }
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /**
   * Makes the file appear under its name.
   *
   * @throws BadInput if the disk is full or refuses
   */
  public void commit() {
    try {
      channel.force(true);
      channel.close();
      try {
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException _) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
      committed = true;
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    if (committed) return;
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      System.getLogger(OutputFile.class.getName())
          .log(System.Logger.Level.WARNING, "could not remove {0}: {1}", temporary, e.getMessage());
    }
  }

  /**
   * Writes a small text as a file that appears whole.
   *
   * @param target the file
   * @param text its content, written as UTF-8
   * @throws BadInput if it cannot be written
   */
  public static void writeText(Path target, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (var out = create(target, bytes.length)) {
      out.write(0, MemorySegment.ofArray(bytes));
      out.commit();
    }
  }

  private static BadInput failed(Path target, IOException e) {
    String reason = MappedFile.reason(e);
    if (e instanceof AccessDeniedException) {
      return new BadInput(target + ": not writable by this user; check the permissions", e);
    }
    if (reason.contains("No space left") || reason.contains("quota")) {
      return new DiskFull(target + ": the disk is full; free some space and try again", e);
    }
    return new BadInput(target + ": cannot be written: " + reason, e);
  }
}
