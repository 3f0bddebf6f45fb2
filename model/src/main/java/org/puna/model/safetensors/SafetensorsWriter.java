package org.puna.model.safetensors;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.puna.model.io.OutputFile;
import org.puna.model.io.OutputTensors;
import org.puna.tensor.Tensor;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes a safetensors file without holding tensors in memory: names, types and shapes are known at
 * the start, then bytes come in any order and from any thread. The file appears at {@link
 * #commit()}; closing without it leaves nothing.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int HEADER_ALIGNMENT = 8;

  /**
   * A tensor to write.
   *
   * @param name its name
   * @param dtype its number type
   * @param shape sizes, outermost first
   */
  public record Spec(String name, Dtype dtype, long[] shape) {
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
      long bits = dtype.bits();
      for (long s : shape) bits = Math.multiplyExact(bits, s);
      return bits / 8;
    }
  }

  private final OutputTensors out;

  private SafetensorsWriter(OutputTensors out) {
    this.out = out;
  }

  /**
   * Begins a file: writes its header.
   *
   * @param path the file to write
   * @param tensors the tensors
   * @param metadata texts for {@code __metadata__}; readers of the transformers library want {@code
   *     format} to be {@code pt}
   * @throws org.puna.model.config.BadInput if the file cannot be written
   * @throws IllegalArgumentException if a name comes twice
   */
  public static SafetensorsWriter create(
      Path path, List<Spec> tensors, Map<String, String> metadata) {
    var names = new HashSet<String>();
    var order = new ArrayList<Integer>();
    for (int i = 0; i < tensors.size(); i++) {
      if (!names.add(tensors.get(i).name())) {
        throw new IllegalArgumentException("two tensors are named " + tensors.get(i).name());
      }
      order.add(i);
    }
    // Wide types first, so that every tensor starts at a multiple of its own width.
    order.sort(Comparator.comparingInt((Integer i) -> -tensors.get(i).dtype().bits()));
    long[] offsets = new long[tensors.size()];
    long[] sizes = new long[tensors.size()];
    long end = 0;
    for (int i : order) {
      sizes[i] = tensors.get(i).bytes();
      offsets[i] = end;
      end = Math.addExact(end, sizes[i]);
    }
    byte[] head = head(tensors, order, offsets, sizes, metadata);
    for (int i = 0; i < offsets.length; i++) offsets[i] += head.length;
    var file = OutputFile.create(path, Math.addExact(head.length, end));
    try {
      file.write(0, MemorySegment.ofArray(head));
      return new SafetensorsWriter(new OutputTensors(file, offsets, sizes));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Writes all of a file at once.
   *
   * @param path the file to write
   * @param tensors the tensors by name, each of a format that safetensors has
   * @param metadata texts for {@code __metadata__}
   * @throws org.puna.model.config.BadInput if the file cannot be written
   * @throws IllegalArgumentException if a tensor's format is a quantised one
   */
  public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
    var specs = new ArrayList<Spec>();
    tensors.forEach((name, t) ->
        specs.add(
            new Spec(
                name,
                Dtype.of(t.format())
                    .orElseThrow(() ->
                        new IllegalArgumentException(
                            "safetensors cannot hold " + t.format().name())),
                t.shape())));
    try (var writer = create(path, specs, metadata)) {
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

  private static byte[] head(
      List<Spec> tensors,
      List<Integer> order,
      long[] offsets,
      long[] sizes,
      Map<String, String> metadata) {
    var json = new ByteArrayOutputStream();
    json.writeBytes(new byte[8]);
    try (JsonGenerator g = new JsonFactory().createGenerator(ObjectWriteContext.empty(), json)) {
      g.writeStartObject();
      if (!metadata.isEmpty()) {
        g.writeName("__metadata__");
        g.writeStartObject();
        new TreeMap<>(metadata).forEach((k, v) -> g.writeStringProperty(k, v));
        g.writeEndObject();
      }
      for (int i : order) {
        Spec t = tensors.get(i);
        g.writeName(t.name());
        g.writeStartObject();
        g.writeStringProperty("dtype", t.dtype().name());
        g.writeName("shape");
        long[] shape = t.shape();
        g.writeArray(shape, 0, shape.length);
        g.writeName("data_offsets");
        g.writeArray(new long[] {offsets[i], offsets[i] + sizes[i]}, 0, 2);
        g.writeEndObject();
      }
      g.writeEndObject();
    }
    // Spaces after the JSON bring the data to an aligned offset, as the reference writer does.
    while (json.size() % HEADER_ALIGNMENT != 0) json.write(' ');
    byte[] head = json.toByteArray();
    MemorySegment.ofArray(head)
        .set(
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0, head.length - 8);
    return head;
  }
}
