package org.puna.model.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.io.Names;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * One file of GGUF, parsed: every count and length is held against the bytes that remain before
 * anything is allocated or skipped, and offsets against each other.
 */
final class GgufPart {
  /** Types of ggml that no format here reads, so that a message can name them. */
  private static final Map<Long, String> UNREAD =
      Map.of(
          16L, "IQ2_XXS",
          17L, "IQ2_XS",
          18L, "IQ3_XXS",
          19L, "IQ1_S",
          21L, "IQ3_S",
          22L, "IQ2_S",
          29L, "IQ1_M");

  /** "GGUF" as a little-endian number. */
  static final int MAGIC = 0x46554747;

  static final int DEFAULT_ALIGNMENT = 32;

  // Bounds far above published files (thousands of tensors, tens of megabytes of vocabulary) that
  // keep the objects made while parsing small whatever a file claims.
  private static final int MAX_TENSORS = 1 << 18;
  private static final int MAX_KEYS = 1 << 16;
  private static final int MAX_ELEMENTS = 1 << 26;
  private static final long MAX_METADATA_BYTES = 1L << 29;
  private static final long MAX_STRING_BYTES = 1L << 26;
  private static final int MAX_NAME_BYTES = 1 << 16;
  private static final int MAX_NESTING = 8;
  private static final int MAX_ALIGNMENT = 1 << 24;
  private static final int MAX_DIMS = 4;

  private final String file;
  private final MemorySegment bytes;
  private long at;

  private final int version;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final long alignment;

  /**
   * Parses a file.
   *
   * @param file its path, for errors
   * @param bytes its content
   */
  GgufPart(String file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
    version = header();
    long tensorCount = count("tensor count", 24, MAX_TENSORS);
    long keyCount = count("metadata count", 13, MAX_KEYS);
    for (long i = 0; i < keyCount; i++) key(i);
    alignment = alignment();
    tensorInfos((int) tensorCount);
  }

  int version() {
    return version;
  }

  long alignment() {
    GgufValue v = values.get("general.alignment");
    if (v == null) return DEFAULT_ALIGNMENT;
    long a = v.type().integer() ? v.integer() : -1;
    if (a < 1 || a > MAX_ALIGNMENT || Long.bitCount(a) != 1) {
      throw new BadInput(
          file
              + ": metadata key general.alignment: expected a power of two up to "
              + MAX_ALIGNMENT
              + ", found "
              + v);
    }
    return a;
  }

  Map<String, GgufValue> values() {
    return values;
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  private int header() {
    if (bytes.byteSize() < 24) {
      throw new BadInput(
          file + ": truncated: a GGUF header takes 24 bytes, the file has " + bytes.byteSize());
    }
    int magic = bytes.get(Le.I32, 0);
    if (magic != MAGIC) {
      throw bad(0, "magic", "\"GGUF\"", String.format("0x%08x", Integer.reverseBytes(magic)));
    }
    int v = bytes.get(Le.I32, 4);
    if (v == 1) {
      throw bad(4, "version", "2 or 3", "1, which is outdated; convert the model again");
    }
    if (v != 2 && v != 3) {
      int swapped = Integer.reverseBytes(v);
      throw bad(
          4,
          "version",
          "2 or 3",
          swapped >= 1 && swapped <= 3
              ? "a big-endian file of version " + swapped + "; convert it to little-endian"
              : Integer.toUnsignedString(v));
    }
    at = 8;
    return v;
  }

  private void key(long index) {
    long start = at;
    String name = name("metadata key " + index);
    if (values.containsKey(name)) {
      throw bad(start, "metadata key " + Names.quote(name), "a key once", "it a second time");
    }
    String field = "metadata key " + Names.quote(name);
    GgufType type = type(field);
    long from = at;
    skip(field, type, 0);
    values.put(name, new GgufValue(type, bytes.asSlice(from, at - from)));
  }

  private GgufType type(String field) {
    long start = at;
    long id = u32(field + " type");
    return GgufType.byId(id).orElseThrow(() -> bad(start, field + " type", "0 to 12", "" + id));
  }

  /** Moves past a value, checking everything inside it. */
  private void skip(String field, GgufType type, int depth) {
    switch (type) {
      case STRING -> take(length(field, MAX_STRING_BYTES), field);
      case ARRAY -> {
        long start = at;
        if (depth >= MAX_NESTING) {
          throw bad(start, field, "arrays nested at most " + MAX_NESTING + " deep", "deeper ones");
        }
        GgufType element = type(field + " element");
        long n = count(field + " element count", element.leastBytes(), MAX_ELEMENTS);
        if (element.bytes() > 0) {
          take(n * element.bytes(), field);
        } else {
          for (long i = 0; i < n; i++) skip(field, element, depth + 1);
        }
      }
      default -> take(type.bytes(), field);
    }
    if (at > MAX_METADATA_BYTES) {
      throw bad(at, field, "metadata of at most " + MAX_METADATA_BYTES + " bytes", "more");
    }
  }

  private record Info(String name, BlockFormat format, long[] shape, long offset, long bytes) {}

  private void tensorInfos(int n) {
    var infos = new ArrayList<Info>(n);
    var names = new HashSet<String>();
    for (int i = 0; i < n; i++) {
      long start = at;
      Info info = info(i);
      if (!names.add(info.name)) {
        throw bad(start, "tensor " + Names.quote(info.name), "a name once", "it a second time");
      }
      infos.add(info);
    }
    if (n == 0) return;
    long data = (at + alignment - 1) / alignment * alignment;
    long room = bytes.byteSize() - data;
    Info previous = null;
    var byOffset = new ArrayList<>(infos);
    byOffset.sort(Comparator.comparingLong(Info::offset));
    for (Info t : byOffset) {
      if (previous != null && previous.offset + previous.bytes > t.offset) {
        throw new BadInput(
            String.format(
                "%s: tensor %s: data offset %d lies inside tensor %s, which ends at %d",
                file,
                Names.quote(t.name),
                t.offset,
                Names.quote(previous.name),
                previous.offset + previous.bytes));
      }
      if (t.offset > room || t.bytes > room - t.offset) {
        throw new BadInput(
            String.format(
                "%s: tensor %s: %d bytes at offset %d end at %d, but the file ends at %d; is it"
                    + " truncated?",
                file,
                Names.quote(t.name),
                t.bytes,
                data + t.offset,
                saturated(data, t.offset, t.bytes),
                bytes.byteSize()));
      }
      previous = t;
    }
    for (Info t : infos) {
      tensors.put(t.name, new Tensor(t.format, t.shape, bytes.asSlice(data + t.offset, t.bytes)));
    }
  }

  private Info info(int index) {
    String name = name("tensor " + index + " name");
    String field = "tensor " + Names.quote(name);
    long start = at;
    long nDims = u32(field + " dimension count");
    if (nDims > MAX_DIMS) {
      throw bad(start, field + " dimension count", "at most " + MAX_DIMS, "" + nDims);
    }
    long[] shape = new long[(int) nDims];
    long elements = 1;
    for (int d = 0; d < nDims; d++) {
      start = at;
      long size = i64(field + " dimension " + d);
      if (size < 1) {
        throw bad(start, field + " dimension " + d, "at least 1", Long.toUnsignedString(size));
      }
      if (size > Long.MAX_VALUE / elements) {
        throw bad(start, field + " dimension " + d, "a size below 2^63 numbers", "" + size);
      }
      elements *= size;
      // GGUF lists the innermost size first.
      shape[shape.length - 1 - d] = size;
    }
    start = at;
    long typeId = u32(field + " type");
    BlockFormat format = format(start, field, typeId);
    long row = shape.length == 0 ? 1 : shape[shape.length - 1];
    if (row > Integer.MAX_VALUE || row % format.blockElements() != 0) {
      throw bad(
          start,
          field + " row length",
          "whole " + format.name() + " blocks of " + format.blockElements(),
          row + " numbers of shape " + Arrays.toString(shape));
    }
    if (elements / format.blockElements() > Long.MAX_VALUE / format.blockBytes()) {
      throw bad(start, field, "a size below 2^63 bytes", "shape " + Arrays.toString(shape));
    }
    start = at;
    long offset = i64(field + " offset");
    if (offset < 0 || offset % alignment != 0) {
      throw bad(
          start, field + " offset", "a multiple of " + alignment, Long.toUnsignedString(offset));
    }
    long size = format.bytes(elements);
    if (offset > Long.MAX_VALUE - size) {
      throw bad(start, field + " offset", "an end below 2^63", "" + offset);
    }
    return new Info(name, format, shape, offset, size);
  }

  private BlockFormat format(long start, String field, long id) {
    return (id > Integer.MAX_VALUE ? Optional.<BlockFormat>empty() : BlockFormats.byId((int) id))
        .orElseThrow(() ->
            bad(
                start,
                field + " type",
                "one of " + String.join(" ", names()),
                UNREAD.containsKey(id)
                    ? UNREAD.get(id) + " (type number " + id + ")"
                    : "type number " + id));
  }

  private static List<String> names() {
    return BlockFormats.all().stream().map(BlockFormat::name).toList();
  }

  private String name(String field) {
    long start = at;
    long n = length(field, MAX_NAME_BYTES);
    if (n == 0) throw bad(start, field, "a name", "an empty one");
    take(n, field);
    byte[] utf8 = bytes.asSlice(at - n, n).toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException _) {
      throw bad(start, field, "UTF-8", "bytes that are not");
    }
  }

  private long length(String field, long most) {
    long start = at;
    long n = i64(field + " length");
    if (n < 0 || n > most) {
      throw bad(start, field + " length", "at most " + most, Long.toUnsignedString(n));
    }
    return n;
  }

  private long count(String field, int leastBytes, long most) {
    long start = at;
    long n = i64(field);
    long fit = (bytes.byteSize() - at) / leastBytes;
    if (n < 0 || n > fit || n > most) {
      throw bad(
          start,
          field,
          n >= 0 && n <= fit
              ? "at most " + most
              : "at most " + fit + ", as " + (bytes.byteSize() - at) + " bytes remain",
          Long.toUnsignedString(n));
    }
    return n;
  }

  private long u32(String field) {
    take(4, field);
    return bytes.get(Le.I32, at - 4) & 0xFFFF_FFFFL;
  }

  private long i64(String field) {
    take(8, field);
    return bytes.get(Le.I64, at - 8);
  }

  private void take(long n, String field) {
    if (n > bytes.byteSize() - at) {
      throw bad(
          at,
          field,
          n + " bytes",
          (bytes.byteSize() - at) + " before the end of the file; is it truncated?");
    }
    at += n;
  }

  private static long saturated(long a, long b, long c) {
    long end = a + b + c;
    return end < 0 ? Long.MAX_VALUE : end;
  }

  private BadInput bad(long offset, String field, String expected, String found) {
    return new BadInput(
        file
            + ": "
            + field
            + " at offset "
            + offset
            + ": expected "
            + expected
            + ", found "
            + found);
  }
}
