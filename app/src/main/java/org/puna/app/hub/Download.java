package org.puna.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/**
 * Fetches files one after another, each first under a name that ends in {@code .part}: a connection
 * that drops is taken up where it stopped, in this process or a later one, and the file gets its
 * name when its bytes are those that the hub promised.
 */
final class Download {
  private static final int BUFFER = 1 << 18;
  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-.*");

  private final Hub hub;
  private final Retry retry;
  private final Watcher watcher;

  /** Hears how far a download is. */
  interface Watcher {
    /** More bytes are here; fewer where a file begins again. */
    void bytes(long more);

    /** A file is being looked at. */
    void file(String path);
  }

  Download(Hub hub, Retry retry, Watcher watcher) {
    this.hub = hub;
    this.retry = retry;
    this.watcher = watcher;
  }

  /**
   * Fetches a file.
   *
   * @param what its name, for errors
   * @param target where it goes; a file that is there already counts as fetched
   * @throws HubFailure if the network fails for good, the bytes are others than promised, or the
   *     disk is full
   */
  void fetch(String what, URI address, RemoteFile file, Path target) throws InterruptedException {
    watcher.file(file.path());
    try {
      Files.createDirectories(target.getParent());
      if (Files.exists(target)) {
        watcher.bytes(Files.size(target));
        return;
      }
      Path part = target.resolveSibling(target.getFileName() + ".part");
      boolean resumed = Files.exists(part) && Files.size(part) > 0;
      if (resumed) watcher.bytes(Files.size(part));
      Digest promised = receive(what, address, file, part);
      String found = hash(part, promised);
      if (!promised.expected().isEmpty() && !found.equals(promised.expected()) && resumed) {
        // What an earlier run left may belong to another time.
        forget(part);
        promised = receive(what, address, file, part);
        found = hash(part, promised);
      }
      if (!promised.expected().isEmpty() && !found.equals(promised.expected())) {
        forget(part);
        throw new HubFailure(
            what
                + ": checksum: expected "
                + promised.expected()
                + ", found "
                + found
                + "; the bytes were changed on the way or in the hub: try again");
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw disk(target, e);
    }
  }

  private void forget(Path part) throws IOException {
    watcher.bytes(-Files.size(part));
    Files.delete(part);
  }

  private static String hash(Path file, Digest digest) throws IOException {
    return hash(file, digest, Files.size(file));
  }

  /** Returns what a file's bytes hash to. */
  static String hash(Path file, Digest digest, long bytes) throws IOException {
    MessageDigest d = digest.start(bytes);
    try (FileChannel in = FileChannel.open(file)) {
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
      while (in.read(buffer.clear()) >= 0) d.update(buffer.flip());
    }
    return HexFormat.of().formatHex(d.digest());
  }

  /** Fetches all bytes, in as many attempts as it takes, and returns what they must hash to. */
  private Digest receive(String what, URI address, RemoteFile file, Path part)
      throws IOException, InterruptedException {
    Digest promised = file.digest();
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      int failed = 0;
      while (true) {
        if (file.bytes() >= 0 && out.size() > file.bytes()) begin(out);
        long have = out.size();
        if (have == file.bytes()) break;
        try (Hub.Answer a = hub.get(address, what, have)) {
          if (promised instanceof Digest.Unknown) promised = Digest.of(a.etag());
          if (have > 0 && !continues(a, have)) begin(out);
          copy(a.body(), out, file.bytes(), part);
          if (file.bytes() < 0 || out.size() == file.bytes()) break;
          throw new IOException(
              "the hub sent " + out.size() + " bytes of " + file.bytes() + " and stopped");
        } catch (Hub.Missing e) {
          throw new BadInput(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
          if (e instanceof Hub.Beyond) begin(out);
          failed = out.size() > have ? 1 : failed + 1;
          retry.pause(hub, what, failed, e);
        }
      }
      out.force(true);
    }
    return promised;
  }

  private void begin(FileChannel out) {
    try {
      watcher.bytes(-out.size());
      out.truncate(0);
    } catch (IOException e) {
      throw new HubFailure("the part of a file cannot be written: " + e.getMessage(), e);
    }
  }

  /** Whether an answer goes on where it was asked to. */
  private static boolean continues(Hub.Answer a, long offset) {
    if (a.status() != 206) return false;
    Matcher m = RANGE.matcher(a.range());
    return m.matches() && m.group(1).equals(Long.toString(offset));
  }

  private void copy(InputStream in, FileChannel out, long most, Path part) throws IOException {
    byte[] buffer = new byte[BUFFER];
    AtomicLong moved = new AtomicLong(System.nanoTime());
    long position = out.size();
    try (Stalls _ = new Stalls(in, moved, retry.stall())) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        moved.set(System.nanoTime());
        if (most >= 0 && position + n > most) {
          throw new HubFailure(
              part.getFileName() + ": the hub sends more than the " + most + " bytes it promised");
        }
        try {
          ByteBuffer b = ByteBuffer.wrap(buffer, 0, n);
          while (b.hasRemaining()) position += out.write(b, position);
        } catch (IOException e) {
          throw disk(part, e);
        }
        watcher.bytes(n);
      }
    }
  }

  private static HubFailure disk(Path file, IOException e) {
    String why = String.valueOf(e.getMessage());
    return new HubFailure(
        file
            + (why.contains("No space left") || why.contains("quota")
                ? ": the disk is full; free some space and pull again: what has come is kept"
                : ": cannot be written: " + why.replaceAll("\\s+", " ")),
        e);
  }

  /** Closes a stream that has stood still for too long, since reading it has no time limit. */
  private static final class Stalls implements AutoCloseable {
    private final Thread thread;

    Stalls(InputStream in, AtomicLong moved, Duration limit) {
      thread =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (System.nanoTime() - moved.get() < limit.toNanos()) {
                    Thread.sleep(limit.dividedBy(8));
                  }
                  in.close();
                } catch (InterruptedException | IOException e) {
                  // The transfer ended, or ends now.
                }
              });
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }
}
