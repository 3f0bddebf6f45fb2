package org.puna.train.parquet;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Parquet file, read row by row: of each asked column one page is in memory, however long the
 * file or its row groups are.
 *
 * <p>Pages and values are parquet-java's; the file around them is read here, because parquet-java
 * does it with Hadoop's classes alone, and a row group at a time.
 *
 * @see "Apache Parquet format, file layout"
 */
public final class ParquetFile implements AutoCloseable {
  private static final int MAGIC = 0x31524150; // "PAR1"
  private static final int ENCRYPTED = 0x45524150; // "PARE"
  private static final int TAIL = 8;
  private static final int LEAST_BYTES = 12;
  private static final int NAMED_COLUMNS = 20;

  private final Path path;
  private final FileChannel file;
  private final long size;
  private final FileMetaData footer;
  private final MessageType schema;

  /** Takes a row with its number, counted from 0. */
  @FunctionalInterface
  public interface Sink {
    /** Takes a row, an object with the columns that were asked for; null ones are left out. */
    void accept(long number, ObjectNode row);
  }

  /** Takes a row with its number, counted from 0, and says whether more are wanted. */
  @FunctionalInterface
  public interface Choosy {
    /** Takes a row as {@link Sink} does; false ends the reading. */
    boolean accept(long number, ObjectNode row);
  }

  private ParquetFile(
      Path path, FileChannel file, long size, FileMetaData footer, MessageType schema) {
    this.path = path;
    this.file = file;
    this.size = size;
    this.footer = footer;
    this.schema = schema;
  }

  /**
   * Opens a file and reads its footer.
   *
   * @throws BadInput if it is no Parquet file, is cut off, damaged or encrypted
   */
  @SuppressWarnings("resource") // the file that is returned owns the channel
  public static ParquetFile open(Path path) {
    MappedFile.requireRegular(path);
    try {
      FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
      try {
        long size = file.size();
        FileMetaData footer = footer(path, file, size);
        return new ParquetFile(
            path,
            file,
            size,
            footer,
            decoded(path, () -> Schemas.of(Damaged.required(footer.getSchema(), "the schema"))));
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw MappedFile.unreadable(path, e);
    }
  }

  private static FileMetaData footer(Path path, FileChannel file, long size) throws IOException {
    if (size < LEAST_BYTES || word(file, 0) != MAGIC) {
      if (size >= LEAST_BYTES && word(file, 0) == ENCRYPTED) throw encrypted(path);
      throw new BadInput(
          path + ": expected a Parquet file, which begins with PAR1, found another kind");
    }
    int end = word(file, size - 4);
    if (end == ENCRYPTED) throw encrypted(path);
    if (end != MAGIC) {
      throw new BadInput(path + ": expected PAR1 at the end; the file is cut off, copy it anew");
    }
    long length = word(file, size - TAIL) & 0xffffffffL;
    if (length > size - LEAST_BYTES || length > Integer.MAX_VALUE - TAIL) {
      throw new BadInput(
          path + ": the footer's length is " + length + " bytes, more than the file has");
    }
    byte[] bytes = bytes(file, size - TAIL - length, (int) length);
    return decoded(
        path,
        () -> {
          try {
            return Util.readFileMetaData(
                new ByteArrayInputStream(bytes), Math.max(1, bytes.length));
          } catch (IOException e) {
            throw new Damaged("the footer cannot be understood", e);
          }
        });
  }

  private static BadInput encrypted(Path path) {
    return new BadInput(path + ": the file is encrypted; decrypt it first");
  }

  private static int word(FileChannel file, long at) throws IOException {
    return ByteBuffer.wrap(bytes(file, at, 4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  private static byte[] bytes(FileChannel file, long at, int n) throws IOException {
    ByteBuffer to = ByteBuffer.allocate(n);
    while (to.hasRemaining()) {
      if (file.read(to, at + to.position()) < 0) throw new IOException("the file ends early");
    }
    return to.array();
  }

  /** Runs a step of decoding; whatever a damaged file makes it throw becomes the user's message. */
  private static <T> T decoded(Path path, Supplier<T> step) {
    try {
      return step.get();
    } catch (BadInput e) {
      throw new BadInput(path + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw damaged(path, e);
    } catch (OutOfMemoryError e) {
      // A damaged count makes parquet-java ask for an array that no file of this kind needs; the
      // request fails as a whole and leaves nothing behind.
      throw damaged(path, e);
    }
  }

  private static BadInput damaged(Path path, Throwable e) {
    Throwable reason = e;
    while (!(reason instanceof Damaged) && reason.getCause() != null) reason = reason.getCause();
    String said = reason.getMessage() == null ? "" : reason.getMessage();
    return new BadInput(
        path + ": the file is damaged (" + said.replaceAll("\\s+", " ").strip() + "); copy it anew",
        e);
  }

  /** Returns the names of the columns at the top. */
  public List<String> columns() {
    return schema.getFields().stream().map(Type::getName).toList();
  }

  /**
   * Returns the first column of some names.
   *
   * @param names asked for, the preferred first
   * @param remedy what to do where there is none
   * @return its name
   * @throws BadInput if there is none, or it does not hold texts
   */
  public String textColumn(List<String> names, String remedy) {
    Optional<String> name = names.stream().filter(schema::containsField).findFirst();
    if (name.isEmpty()) {
      List<String> all = columns();
      throw new BadInput(
          path
              + ": expected a column \""
              + String.join("\" or \"", names)
              + "\", found "
              + String.join(", ", all.subList(0, Math.min(NAMED_COLUMNS, all.size())))
              + (all.size() > NAMED_COLUMNS ? ", …" : "")
              + "; "
              + remedy);
    }
    Type type = schema.getType(name.get());
    if (!JsonRows.isText(type) || type.isRepetition(Type.Repetition.REPEATED)) {
      throw new BadInput(
          path
              + ": column \""
              + name.get()
              + "\": expected texts, found "
              + kind(type)
              + "; "
              + remedy);
    }
    return name.get();
  }

  private static String kind(Type type) {
    return type.isPrimitive()
        ? type.asPrimitiveType().getPrimitiveTypeName().name()
        : "a list or structure";
  }

  /** Returns the bytes that some columns have when they are expanded. */
  public long bytes(Set<String> columns) {
    return decoded(
        path,
        () -> {
          long sum = 0;
          for (RowGroup g : groups()) {
            for (ColumnChunk c : chunks(g)) {
              ColumnMetaData m = c.getMeta_data();
              if (m == null || !columns.contains(path(m).getFirst())) continue;
              sum = Math.addExact(sum, Math.max(0, m.getTotal_uncompressed_size()));
            }
          }
          return sum;
        });
  }

  private List<RowGroup> groups() {
    return Damaged.required(footer.getRow_groups(), "the list of row groups");
  }

  private static List<ColumnChunk> chunks(RowGroup group) {
    return Damaged.required(group.getColumns(), "a row group's list of columns");
  }

  private static List<String> path(ColumnMetaData column) {
    List<String> path = Damaged.required(column.getPath_in_schema(), "a column's name");
    if (path.isEmpty()) throw new Damaged("a column has no name");
    return path;
  }

  /**
   * Reads all rows in order.
   *
   * @param columns of the top that are wanted; others are not read
   * @param sink receives them
   * @throws BadInput if the file is damaged, or compressed in a way that Puna does not know
   */
  public void read(Set<String> columns, Sink sink) {
    readWhile(
        columns,
        (number, row) -> {
          sink.accept(number, row);
          return true;
        });
  }

  /**
   * Reads rows in order, as long as more are wanted.
   *
   * @param columns of the top that are wanted; others are not read
   * @param sink receives them
   * @throws BadInput if the file is damaged as far as it is read, or compressed in a way that Puna
   *     does not know
   */
  public void readWhile(Set<String> columns, Choosy sink) {
    List<Type> wanted =
        schema.getFields().stream().filter(f -> columns.contains(f.getName())).toList();
    if (wanted.isEmpty()) return;
    MessageType projection = new MessageType(schema.getName(), wanted);
    long number = 0;
    for (RowGroup g : decoded(path, this::groups)) {
      RecordReader<ObjectNode> reader = decoded(path, () -> reader(g, projection));
      for (long i = 0; i < g.getNum_rows(); i++) {
        if (!sink.accept(number++, decoded(path, reader::read))) return;
      }
    }
  }

  private RecordReader<ObjectNode> reader(RowGroup group, MessageType projection) {
    Map<String, ColumnMetaData> chunks = new HashMap<>();
    for (ColumnChunk c : chunks(group)) {
      ColumnMetaData m = c.getMeta_data();
      if (m == null || c.getFile_path() != null) {
        throw new BadInput("columns lie in other files; write the file anew as one");
      }
      chunks.put(String.join("\0", path(m)), m);
    }
    Map<ColumnDescriptor, PageReader> pages = new HashMap<>();
    for (ColumnDescriptor d : projection.getColumns()) {
      ColumnMetaData m = chunks.get(String.join("\0", d.getPath()));
      if (m == null) throw new Damaged("a row group lacks " + Arrays.toString(d.getPath()));
      pages.put(d, pages(group, d, m));
    }
    String writer = footer.getCreated_by() == null ? "" : footer.getCreated_by();
    PageReadStore store =
        new PageReadStore() {
          @Override
          public PageReader getPageReader(ColumnDescriptor descriptor) {
            PageReader found = pages.get(descriptor);
            if (found == null) throw new Damaged("no pages of " + descriptor);
            return found;
          }

          @Override
          public long getRowCount() {
            return group.getNum_rows();
          }
        };
    return new ColumnIOFactory(writer)
        .getColumnIO(projection, schema)
        .getRecordReader(store, new JsonRows(projection));
  }

  private Pages pages(RowGroup group, ColumnDescriptor d, ColumnMetaData m) {
    long values = m.getNum_values();
    boolean fits =
        d.getMaxRepetitionLevel() == 0
            ? values == group.getNum_rows()
            : values >= group.getNum_rows();
    if (values < 0 || group.getNum_rows() < 0 || !fits) {
      throw new Damaged("a column of " + values + " values in " + group.getNum_rows() + " rows");
    }
    if (!same(Damaged.required(m.getType(), "a column's type").name(), d)) {
      throw new Damaged("a column's type is not that of the schema");
    }
    long from = m.getData_page_offset();
    long dictionary = m.getDictionary_page_offset();
    // Some writers say 0 where there is none.
    if (m.isSetDictionary_page_offset() && dictionary >= 4) from = Math.min(from, dictionary);
    long length = m.getTotal_compressed_size();
    if (from < 4 || length < 0 || from > size || length > size - from) {
      throw new Damaged(
          "a column of " + length + " bytes at " + from + " in a file of " + size + " bytes");
    }
    return new Pages(file, m, from);
  }

  private static boolean same(String stored, ColumnDescriptor d) {
    String expected = d.getPrimitiveType().getPrimitiveTypeName().name();
    return expected.equals(stored) || (expected.equals("BINARY") && stored.equals("BYTE_ARRAY"));
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw MappedFile.unreadable(path, e);
    }
  }
}
