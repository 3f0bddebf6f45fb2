package org.puna.train.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32C;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;

/**
 * Token ids in a file, mapped into memory: a head of 32 bytes (magic, bytes of an id, checksum,
 * count), then the ids, little-endian.
 */
public final class TokenFile implements AutoCloseable {
  private static final long MAGIC = 0x314b4f54414e5550L; // "PUNATOK1"
  private static final int HEAD = 32;
  private static final int SHORT_IDS = 1 << 16;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena;
  private final MemorySegment ids;
  private final boolean shorts;
  private final long size;
  private final int checksum;

  private TokenFile(Arena arena, MemorySegment ids, boolean shorts, long size, int checksum) {
    this.arena = arena;
    this.ids = ids;
    this.shorts = shorts;
    this.size = size;
    this.checksum = checksum;
  }

  /**
   * Maps a file and checks it whole.
   *
   * @throws BadInput if it is none of these, is cut off, or its checksum is wrong
   */
  public static TokenFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment all = MappedFile.open(path, arena).bytes();
      if (all.byteSize() < HEAD || all.get(LONG, 0) != MAGIC) {
        throw new BadInput(path + ": expected a file of tokens, found another kind; prepare anew");
      }
      int width = all.get(INT, 8);
      int crc = all.get(INT, 12);
      long size = all.get(LONG, 16);
      MemorySegment ids = all.asSlice(HEAD);
      if ((width != 2 && width != 4) || size < 0 || ids.byteSize() / width != size) {
        throw new BadInput(
            path
                + ": expected "
                + size
                + " tokens of "
                + width
                + " bytes, found "
                + ids.byteSize()
                + " bytes; is the file cut off? prepare the data anew");
      }
      CRC32C found = new CRC32C();
      for (long at = 0; at < ids.byteSize(); at += 1 << 20) {
        long n = Math.min(1 << 20, ids.byteSize() - at);
        found.update(ids.asSlice(at, n).asByteBuffer());
      }
      if ((int) found.getValue() != crc) {
        throw new BadInput(path + ": the checksum is wrong: the file is damaged; prepare anew");
      }
      return new TokenFile(arena, ids, width == 2, size, crc);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Returns the number of ids. */
  public long size() {
    return size;
  }

  /** Returns a text that changes with the ids. */
  public String fingerprint() {
    return size + ":" + Integer.toHexString(checksum);
  }

  /** Returns an id. */
  public int get(long i) {
    return shorts ? ids.getAtIndex(SHORT, i) & 0xffff : ids.getAtIndex(INT, i);
  }

  @Override
  public void close() {
    arena.close();
  }

  /** Writes a file of tokens, which appears whole when it is closed. */
  static final class Writer implements AutoCloseable {
    private final Path path;
    private final Path draft;
    private final boolean shorts;
    private final OutputStream out;
    private final CRC32C crc = new CRC32C();
    private byte[] bytes = new byte[1 << 16];
    private long size;
    private boolean complete;

    Writer(Path path, int vocabSize) throws IOException {
      this.path = path;
      this.draft = path.resolveSibling(path.getFileName() + ".part");
      this.shorts = vocabSize <= SHORT_IDS;
      this.out = new BufferedOutputStream(Files.newOutputStream(draft), 1 << 20);
      out.write(new byte[HEAD]);
    }

    void write(int[] ids) throws IOException {
      int width = shorts ? 2 : 4;
      if (bytes.length < ids.length * width) bytes = new byte[ids.length * width];
      MemorySegment to = MemorySegment.ofArray(bytes);
      for (int i = 0; i < ids.length; i++) {
        if (shorts) to.set(SHORT, 2L * i, (short) ids[i]);
        else to.set(INT, 4L * i, ids[i]);
      }
      crc.update(bytes, 0, ids.length * width);
      out.write(bytes, 0, ids.length * width);
      size += ids.length;
    }

    long size() {
      return size;
    }

    void commit() throws IOException {
      out.close();
      byte[] head = new byte[HEAD];
      MemorySegment h = MemorySegment.ofArray(head);
      h.set(LONG, 0, MAGIC);
      h.set(INT, 8, shorts ? 2 : 4);
      h.set(INT, 12, (int) crc.getValue());
      h.set(LONG, 16, size);
      try (var file = new java.io.RandomAccessFile(draft.toFile(), "rw")) {
        file.write(head);
        file.getFD().sync();
      }
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      complete = true;
    }

    @Override
    public void close() throws IOException {
      if (complete) return;
      out.close();
      Files.deleteIfExists(draft);
    }
  }
}
