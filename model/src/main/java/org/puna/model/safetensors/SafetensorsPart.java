package org.puna.model.safetensors;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.model.io.Names;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** One safetensors file, parsed and checked as strictly as the reference does. */
final class SafetensorsPart {
  /** The reference's own limit on headers, and ours on an index. */
  static final long MAX_HEADER = 100_000_000;

  private static final int MAX_ENTRIES = 1 << 18;
  private static final int MAX_DIMS = 32;
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new HashMap<>();

  private record Info(String name, Dtype dtype, long[] shape, long begin, long end) {}

  SafetensorsPart(String file, MemorySegment bytes) {
    this.file = file;
    long size = bytes.byteSize();
    if (size < 8) {
      throw new BadInput(
          file + ": truncated: a safetensors header takes 8 bytes, the file has " + size);
    }
    long header = bytes.get(U64, 0);
    if (header < 2 || header > MAX_HEADER || header > size - 8) {
      throw new BadInput(
          file
              + ": header length at offset 0: expected 2 to "
              + Math.min(MAX_HEADER, size - 8)
              + ", found "
              + Long.toUnsignedString(header)
              + "; is it a safetensors file, and whole?");
    }
    byte[] json = bytes.asSlice(8, header).toArray(ValueLayout.JAVA_BYTE);
    if (json[0] != '{') {
      throw new BadInput(
          file + ": header at offset 8: expected \"{\", found " + String.format("0x%02x", json[0]));
    }
    var infos = new ArrayList<Info>();
    parse(file, 8, json, p -> header(p, infos));
    place(infos, bytes.asSlice(8 + header));
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /** What reads a JSON document. */
  interface Reader {
    void read(JsonParser p);
  }

  /** Reads one JSON object without duplicate keys; whatever is wrong becomes one line. */
  static void parse(String file, long offset, byte[] json, Reader reader) {
    JsonFactory factory =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (JsonParser p = factory.createParser(ObjectReadContext.empty(), json)) {
      if (p.nextToken() != JsonToken.START_OBJECT) throw unexpected(file, p, "an object");
      reader.read(p);
      if (p.nextToken() != null) throw unexpected(file, p, "the end");
    } catch (JacksonException e) {
      throw new BadInput(
          file
              + ": JSON at offset "
              + (offset
                  + Math.max(0, e.getLocation() == null ? 0 : e.getLocation().getByteOffset()))
              + ": "
              + JsonFault.said(e),
          e);
    }
  }

  static BadInput unexpected(String file, JsonParser p, String expected) {
    JsonToken found = p.currentToken();
    return new BadInput(
        file
            + ": JSON key "
            + path(p)
            + ": expected "
            + expected
            + ", found "
            + (found == null ? "the end" : found.name()));
  }

  private static String path(JsonParser p) {
    String name = p.currentName();
    return name == null ? "at the top" : Names.quote(name);
  }

  private void header(JsonParser p, List<Info> infos) {
    while (p.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = p.currentName();
      if (p.nextToken() != JsonToken.START_OBJECT) throw unexpected(file, p, "an object");
      if (name.equals("__metadata__")) {
        while (p.nextToken() == JsonToken.PROPERTY_NAME) {
          String key = p.currentName();
          if (p.nextToken() != JsonToken.VALUE_STRING) throw unexpected(file, p, "a string");
          metadata.put(key, p.getString());
        }
        continue;
      }
      if (infos.size() == MAX_ENTRIES) {
        throw new BadInput(
            file + ": header: expected at most " + MAX_ENTRIES + " tensors, found more");
      }
      infos.add(info(p, name));
    }
  }

  private Info info(JsonParser p, String name) {
    Dtype dtype = null;
    long[] shape = null;
    long[] range = null;
    while (p.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = p.currentName();
      p.nextToken();
      switch (key) {
        case "dtype" -> dtype = dtype(p, name);
        case "shape" -> shape = longs(p, name, "shape");
        case "data_offsets" -> range = longs(p, name, "data_offsets");
        default -> p.skipChildren();
      }
    }
    String missing =
        dtype == null ? "dtype" : shape == null ? "shape" : range == null ? "data_offsets" : null;
    if (dtype == null || shape == null || range == null) {
      throw bad(name, String.valueOf(missing), "a value", "nothing");
    }
    if (range.length != 2 || range[0] > range[1]) {
      throw bad(name, "data_offsets", "[begin, end]", Arrays.toString(range));
    }
    return new Info(name, dtype, shape, range[0], range[1]);
  }

  private Dtype dtype(JsonParser p, String name) {
    if (p.currentToken() != JsonToken.VALUE_STRING) throw unexpected(file, p, "a string");
    String text = p.getString();
    return Dtype.byName(text)
        .orElseThrow(() -> bad(name, "dtype", "a safetensors type", Names.quote(text)));
  }

  private long[] longs(JsonParser p, String name, String field) {
    if (p.currentToken() != JsonToken.START_ARRAY) throw unexpected(file, p, "an array");
    long[] out = new long[MAX_DIMS];
    int n = 0;
    while (p.nextToken() != JsonToken.END_ARRAY) {
      if (p.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw unexpected(file, p, "a whole number");
      }
      if (n == MAX_DIMS) throw bad(name, field, "at most " + MAX_DIMS + " numbers", "more");
      long v = p.getLongValue();
      if (v < 0) throw bad(name, field, "numbers of at least 0", "" + v);
      out[n++] = v;
    }
    return Arrays.copyOf(out, n);
  }

  private void place(List<Info> infos, MemorySegment data) {
    long end = 0;
    var byOffset = new ArrayList<>(infos);
    byOffset.sort(Comparator.comparingLong(Info::begin).thenComparingLong(Info::end));
    @Nullable Info previous = null;
    for (Info t : byOffset) {
      long bytes = bytes(t);
      if (bytes != t.end - t.begin) {
        throw bad(
            t.name,
            "data_offsets",
            bytes + " bytes for " + t.dtype + Arrays.toString(t.shape),
            (t.end - t.begin) + " from " + t.begin + " to " + t.end);
      }
      if (t.begin != end) {
        String before = previous == null ? "the start" : "tensor " + Names.quote(previous.name);
        throw bad(
            t.name,
            "data_offsets",
            "a begin of " + end + ", right after " + before,
            t.begin + (t.begin < end ? ", which overlaps it" : ", which leaves a hole"));
      }
      end = t.end;
      previous = t;
      if (end > data.byteSize()) {
        throw bad(
            t.name,
            "data_offsets",
            "an end of at most " + data.byteSize() + ", where the file ends",
            end + "; is it truncated?");
      }
    }
    if (end != data.byteSize()) {
      throw new BadInput(
          file + ": data: expected " + end + " bytes as the header says, found " + data.byteSize());
    }
    for (Info t : infos) {
      entries.put(t.name, new Entry(t.dtype, t.shape, data.asSlice(t.begin, t.end - t.begin)));
    }
  }

  private long bytes(Info t) {
    long n = 1;
    for (long s : t.shape) {
      if (s > 0 && n > Long.MAX_VALUE / 64 / s) {
        throw bad(t.name, "shape", "a size below 2^63 bits", Arrays.toString(t.shape));
      }
      n *= s;
    }
    if (n * t.dtype.bits() % 8 != 0) {
      throw bad(t.name, "shape", "whole bytes", t.dtype + Arrays.toString(t.shape));
    }
    return n * t.dtype.bits() / 8;
  }

  private BadInput bad(String name, String field, String expected, String found) {
    return new BadInput(
        file
            + ": tensor "
            + Names.quote(name)
            + ": "
            + field
            + ": expected "
            + expected
            + ", found "
            + found);
  }
}
