package org.puna.model.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.puna.model.io.OutputFile;
import org.puna.model.io.OutputTensors;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;

/**
 * Writes GGUF version 3 without holding tensors in memory: names, types and shapes are known at the
 * start, then bytes come in any order and from any thread. The file appears at {@link #commit()};
 * closing without it leaves nothing.
 */
public final class GgufWriter implements AutoCloseable {
  /**
   * A tensor to write.
   *
   * @param name its name
   * @param format how its numbers are encoded
   * @param shape sizes, outermost first
   */
  public record Spec(String name, BlockFormat format, long[] shape) {
    /** Copies the shape. */
    public Spec {
      shape = shape.clone();
    }

    @Override
    public long[] shape() {
      return shape.clone();
    }

    /** Returns the bytes of all its numbers. */
    public long bytes() {
      long n = 1;
      for (long s : shape) n = Math.multiplyExact(n, s);
      return format.bytes(n);
    }
  }

  private final OutputTensors out;

  private GgufWriter(OutputTensors out) {
    this.out = out;
  }

  /**
   * Begins a file: writes the header, the metadata and the list of tensors.
   *
   * @param path the file to write
   * @param metadata the pairs in order; {@code general.alignment} in it is obeyed
   * @param tensors the tensors in order
   * @throws org.puna.model.config.BadInput if the file cannot be written
   * @throws IllegalArgumentException if a name comes twice or the alignment is not a power of two
   */
  public static GgufWriter create(Path path, Map<String, GgufValue> metadata, List<Spec> tensors) {
    GgufValue a = metadata.get("general.alignment");
    long alignment = a == null ? GgufPart.DEFAULT_ALIGNMENT : a.integer();
    if (Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException("alignment is not a power of two: " + alignment);
    }
    long[] sizes = new long[tensors.size()];
    long[] offsets = new long[tensors.size()];
    long end = 0;
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = tensors.get(i).bytes();
      offsets[i] = end;
      end = aligned(Math.addExact(end, sizes[i]), alignment);
    }
    byte[] head = head(metadata, tensors, offsets);
    long data = aligned(head.length, alignment);
    for (int i = 0; i < sizes.length; i++) offsets[i] += data;
    // Readers other than this one expect the padding after the last tensor too.
    long size = Math.addExact(data, end);
    var file = OutputFile.create(path, size);
    try {
      file.write(0, MemorySegment.ofArray(head));
      pad(file, head.length, data);
      for (int i = 0; i < sizes.length; i++) {
        pad(file, offsets[i] + sizes[i], aligned(offsets[i] + sizes[i], alignment));
      }
      return new GgufWriter(new OutputTensors(file, offsets, sizes));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Writes all of a small file at once.
   *
   * @param path the file to write
   * @param metadata the pairs in order
   * @param tensors the tensors in order
   * @throws org.puna.model.config.BadInput if the file cannot be written
   */
  public static void write(
      Path path, Map<String, GgufValue> metadata, Map<String, Tensor> tensors) {
    var specs = new ArrayList<Spec>();
    tensors.forEach((name, t) -> specs.add(new Spec(name, t.format(), t.shape())));
    try (var writer = create(path, metadata, specs)) {
      int i = 0;
      for (Tensor t : tensors.values()) writer.write(i++, 0, t.data());
      writer.commit();
    }
  }

  /**
   * Writes a piece of a tensor, as {@link OutputTensors#write}.
   *
   * @param tensor its place in the list
   * @param offset bytes from the start of the tensor
   * @param bytes the piece
   */
  public void write(int tensor, long offset, MemorySegment bytes) {
    out.write(tensor, offset, bytes);
  }

  /** Completes the file, as {@link OutputTensors#commit}. */
  public void commit() {
    out.commit();
  }

  @Override
  public void close() {
    out.close();
  }

  private static void pad(OutputFile file, long from, long to) {
    if (to > from) file.write(from, MemorySegment.ofArray(new byte[(int) (to - from)]));
  }

  private static long aligned(long n, long alignment) {
    return Math.addExact(n, alignment - 1) / alignment * alignment;
  }

  private static byte[] head(Map<String, GgufValue> metadata, List<Spec> tensors, long[] offsets) {
    var head = new ByteArrayOutputStream();
    put(head, GgufValue.u32(GgufPart.MAGIC));
    put(head, GgufValue.u32(3));
    put(head, GgufValue.integer(GgufType.INT64, tensors.size()));
    put(head, GgufValue.integer(GgufType.INT64, metadata.size()));
    metadata.forEach((key, value) -> {
      head.writeBytes(Le.textBytes(key));
      put(head, GgufValue.u32(value.type().id()));
      put(head, value);
    });
    var names = new HashSet<String>();
    for (int i = 0; i < offsets.length; i++) {
      Spec t = tensors.get(i);
      if (!names.add(t.name())) {
        throw new IllegalArgumentException("two tensors are named " + t.name());
      }
      head.writeBytes(Le.textBytes(t.name()));
      long[] shape = t.shape();
      put(head, GgufValue.u32(shape.length));
      for (int d = shape.length - 1; d >= 0; d--) {
        put(head, GgufValue.integer(GgufType.INT64, shape[d]));
      }
      put(head, GgufValue.u32(t.format().id()));
      put(head, GgufValue.integer(GgufType.INT64, offsets[i]));
    }
    return head.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, GgufValue value) {
    out.writeBytes(value.bytes().toArray(ValueLayout.JAVA_BYTE));
  }
}
