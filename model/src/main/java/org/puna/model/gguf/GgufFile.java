package org.puna.model.gguf;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.model.io.Names;
import org.puna.tensor.Tensor;

/**
 * A model in GGUF, mapped into memory: metadata and named tensors. Versions 2 and 3, little-endian,
 * in one file or split into parts named {@code X-00001-of-0000N.gguf}.
 *
 * <p>Tensors and metadata arrays point into the mapping: closing the file ends their life. A tensor
 * matrix is {@code [out, in]}, the reverse of GGUF's order of dimensions.
 *
 * @see "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"
 */
public final class GgufFile implements AutoCloseable {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final int MAX_PARTS = 1 << 12;

  private final Arena arena;
  private final List<Path> paths;
  private final long bytes;
  private final int version;
  private final long alignment;
  private final GgufMetadata metadata;
  private final Map<String, Tensor> tensors;

  private GgufFile(
      Arena arena,
      List<Path> paths,
      long bytes,
      int version,
      long alignment,
      GgufMetadata metadata,
      Map<String, Tensor> tensors) {
    this.arena = arena;
    this.paths = List.copyOf(paths);
    this.bytes = bytes;
    this.version = version;
    this.alignment = alignment;
    this.metadata = metadata;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Maps and checks a file; of a split file any part finds the others.
   *
   * @param path a {@code .gguf} file
   * @throws BadInput if it cannot be read, is not GGUF, or is malformed: the message names file,
   *     field, offset, what was expected and what was found
   */
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      return open(path, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static GgufFile open(Path path, Arena arena) {
    MappedFile file = MappedFile.open(path, arena);
    var part = new GgufPart(path.toString(), file.bytes());
    var metadata = new GgufMetadata(path.toString(), part.values());
    int count = metadata.optionalU32("split.count").orElse(0);
    if (count <= 1) {
      return new GgufFile(
          arena,
          List.of(path),
          file.bytes().byteSize(),
          part.version(),
          part.alignment(),
          metadata,
          part.tensors());
    }
    return openParts(path, count, arena);
  }

  private static GgufFile openParts(Path path, int count, Arena arena) {
    List<Path> paths = parts(path, count);
    var tensors = new LinkedHashMap<String, Tensor>();
    GgufPart first = null;
    GgufMetadata firstMetadata = null;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      Path p = paths.get(i);
      MappedFile file = MappedFile.open(p, arena);
      bytes += file.bytes().byteSize();
      var part = new GgufPart(p.toString(), file.bytes());
      var metadata = new GgufMetadata(p.toString(), part.values());
      same(metadata, "split.count", count);
      same(metadata, "split.no", i);
      if (first == null || firstMetadata == null) {
        first = part;
        firstMetadata = metadata;
      }
      for (var e : part.tensors().entrySet()) {
        if (tensors.put(e.getKey(), e.getValue()) != null) {
          throw new BadInput(
              p + ": tensor " + Names.quote(e.getKey()) + " is already in an earlier part");
        }
      }
    }
    if (first == null || firstMetadata == null) throw new AssertionError("a split has parts");
    var total = firstMetadata.optionalU32("split.tensors.count");
    if (total.isPresent() && total.getAsInt() != tensors.size()) {
      throw new BadInput(
          firstMetadata.source()
              + ": metadata key split.tensors.count: expected "
              + tensors.size()
              + ", the tensors of all "
              + count
              + " parts, found "
              + total.getAsInt());
    }
    return new GgufFile(
        arena, paths, bytes, first.version(), first.alignment(), firstMetadata, tensors);
  }

  private static void same(GgufMetadata metadata, String key, int expected) {
    int found = metadata.u32(key);
    if (found != expected) {
      throw new BadInput(
          metadata.source()
              + ": metadata key "
              + key
              + ": expected "
              + expected
              + ", found "
              + found
              + "; do the parts belong together?");
    }
  }

  private static List<Path> parts(Path path, int count) {
    Matcher m = PART.matcher(String.valueOf(path.getFileName()));
    if (count > MAX_PARTS || !m.matches() || Integer.parseInt(m.group(3)) != count) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "%s: the file says that it is one of %d parts; expected a name that ends in"
                  + " -00001-of-%05d.gguf",
              path,
              count,
              count));
    }
    var out = new ArrayList<Path>(count);
    for (int i = 1; i <= count; i++) {
      Path p =
          path.resolveSibling(
              String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", m.group(1), i, count));
      if (!Files.exists(p)) {
        throw new BadInput(path + ": part " + i + " of " + count + " is missing: expected " + p);
      }
      out.add(p);
    }
    return out;
  }

  /** Returns the files, in order; one unless the model is split. */
  public List<Path> paths() {
    return paths;
  }

  /** Returns the size of all files together. */
  public long bytes() {
    return bytes;
  }

  /** Returns the format's version, 2 or 3. */
  public int version() {
    return version;
  }

  /** Returns the alignment of tensor data in bytes. */
  public long alignment() {
    return alignment;
  }

  /** Returns the metadata, of a split file the first part's. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** Returns all tensors by name, in file order. */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /** Returns a tensor where the file has it. */
  public Optional<Tensor> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Unmaps the file. Nothing that came from it may be used afterwards. */
  @Override
  public void close() {
    arena.close();
  }
}
