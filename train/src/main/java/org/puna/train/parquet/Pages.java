package org.puna.train.parquet;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one column of one row group. They are read when they are asked for, so that a row
 * group of any size takes a page and a dictionary of memory.
 *
 * @see "Apache Parquet format, data pages"
 */
final class Pages implements PageReader {
  /** Writers make pages of about a megabyte; one may hold a single long value. */
  private static final int MOST_BYTES = 1 << 29;

  private static final String HEAD = "a page's head";

  private final Section in;
  private final CompressionCodec codec;
  private final long values;
  private long left;
  private @Nullable PageHeader ahead;

  /**
   * The pages of a chunk whose place in the file has been checked.
   *
   * @param from where its first page begins
   */
  Pages(FileChannel file, ColumnMetaData chunk, long from) {
    in = new Section(file, from, chunk.getTotal_compressed_size());
    codec = Damaged.required(chunk.getCodec(), "a column's codec");
    values = chunk.getNum_values();
    left = values;
  }

  @Override
  public long getTotalValueCount() {
    return values;
  }

  @Override
  public @Nullable DictionaryPage readDictionaryPage() {
    PageHeader h = peek();
    if (h == null || h.getType() != PageType.DICTIONARY_PAGE) return null;
    DictionaryPageHeader d = Damaged.required(h.getDictionary_page_header(), HEAD);
    byte[] stored = stored(h);
    byte[] bytes = Codecs.expand(codec, stored, 0, stored.length, h.getUncompressed_page_size());
    // No entry of a text column takes fewer than four bytes, and of others not less than one.
    if (d.getNum_values() < 0 || d.getNum_values() > Math.max(0, bytes.length)) {
      throw new Damaged("a dictionary of " + bytes.length + " bytes has too many entries");
    }
    return new DictionaryPage(BytesInput.from(bytes), d.getNum_values(), encoding(d.getEncoding()));
  }

  @Override
  public @Nullable DataPage readPage() {
    while (true) {
      PageHeader h = peek();
      if (h == null) {
        if (left > 0) throw new Damaged(left + " of " + values + " values are missing");
        return null;
      }
      switch (Damaged.required(h.getType(), "a page's type")) {
        case DATA_PAGE -> {
          return first(h);
        }
        case DATA_PAGE_V2 -> {
          return second(h);
        }
        case DICTIONARY_PAGE -> throw new Damaged("a second dictionary");
        case INDEX_PAGE -> stored(h);
      }
    }
  }

  private DataPage first(PageHeader h) {
    DataPageHeader d = Damaged.required(h.getData_page_header(), HEAD);
    int n = counted(d.getNum_values());
    byte[] stored = stored(h);
    int size = h.getUncompressed_page_size();
    return new DataPageV1(
        BytesInput.from(Codecs.expand(codec, stored, 0, stored.length, size)),
        n,
        size,
        null,
        encoding(d.getRepetition_level_encoding()),
        encoding(d.getDefinition_level_encoding()),
        encoding(d.getEncoding()));
  }

  private DataPage second(PageHeader h) {
    DataPageHeaderV2 d = Damaged.required(h.getData_page_header_v2(), HEAD);
    int n = counted(d.getNum_values());
    byte[] stored = stored(h);
    int repetitions = d.getRepetition_levels_byte_length();
    int definitions = d.getDefinition_levels_byte_length();
    long levels = (long) repetitions + definitions;
    int size = h.getUncompressed_page_size();
    if (repetitions < 0 || definitions < 0 || levels > stored.length || levels > size) {
      throw new Damaged("a page of " + stored.length + " bytes has levels of " + levels);
    }
    int from = (int) levels;
    // A page of nulls alone has nothing to expand, whatever it says.
    boolean plain = !d.isIs_compressed() || stored.length == from;
    byte[] data =
        Codecs.expand(
            plain ? CompressionCodec.UNCOMPRESSED : codec,
            stored,
            from,
            stored.length - from,
            size - from);
    return DataPageV2.uncompressed(
        d.getNum_rows(),
        d.getNum_nulls(),
        n,
        BytesInput.from(stored, 0, repetitions),
        BytesInput.from(stored, repetitions, definitions),
        encoding(d.getEncoding()),
        BytesInput.from(data),
        null);
  }

  private int counted(int n) {
    if (n < 0 || n > left) {
      throw new Damaged("a page of " + n + " values where " + left + " of " + values + " are left");
    }
    left -= n;
    return n;
  }

  private @Nullable PageHeader peek() {
    PageHeader h = ahead;
    // Some writers count padding behind the last page.
    if (h == null && left > 0 && in.remaining() > 0) {
      try {
        h = Util.readPageHeader(in);
      } catch (IOException e) {
        throw new Damaged("a page has no head: " + e.getMessage(), e);
      }
      ahead = h;
    }
    return h;
  }

  /** Reads a page's bytes as they are in the file. */
  private byte[] stored(PageHeader h) {
    ahead = null;
    int n = h.getCompressed_page_size();
    int size = h.getUncompressed_page_size();
    if (n < 0 || n > in.remaining()) {
      throw new Damaged("a page of " + n + " bytes where " + in.remaining() + " are left");
    }
    if (size < 0 || n > MOST_BYTES || size > MOST_BYTES) {
      throw new Damaged("a page of " + Math.max(n, size) + " bytes; expected at most 512 MiB");
    }
    try {
      byte[] bytes = in.readNBytes(n);
      if (bytes.length != n) throw new Damaged("the file ends early");
      if (h.isSetCrc()) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if ((int) crc.getValue() != h.getCrc()) throw new Damaged("a page's checksum is wrong");
      }
      return bytes;
    } catch (IOException e) {
      throw new Damaged("cannot be read: " + e.getMessage(), e);
    }
  }

  private static Encoding encoding(org.apache.parquet.format.@Nullable Encoding e) {
    return Encoding.valueOf(Damaged.required(e, "a page's encoding").name());
  }
}
