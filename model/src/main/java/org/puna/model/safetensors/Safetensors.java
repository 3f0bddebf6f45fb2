package org.puna.model.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.model.io.MappedFile;
import org.puna.model.io.Names;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import tools.jackson.core.JsonToken;

/**
 * Tensors in safetensors, mapped into memory: one file, or shards that {@code
 * model.safetensors.index.json} lists. Closing ends the life of every tensor that came from it.
 *
 * @see "https://github.com/huggingface/safetensors#format"
 */
public final class Safetensors implements AutoCloseable {
  /** The name of unsharded weights in a folder. */
  public static final String SINGLE = "model.safetensors";

  /** The name of the list of shards in a folder. */
  public static final String INDEX = "model.safetensors.index.json";

  private static final int MAX_SHARDS = 1 << 12;

  private final Arena arena;
  private final List<Path> paths;
  private final long bytes;
  private final Map<String, Entry> entries;
  private final Map<String, String> metadata;
  private final Path source;

  private Safetensors(
      Arena arena,
      Path source,
      List<Path> paths,
      long bytes,
      Map<String, Entry> entries,
      Map<String, String> metadata) {
    this.arena = arena;
    this.source = source;
    this.paths = List.copyOf(paths);
    this.bytes = bytes;
    this.entries = Collections.unmodifiableMap(entries);
    this.metadata = Map.copyOf(metadata);
  }

  /**
   * Maps and checks weights.
   *
   * @param path a {@code .safetensors} file, an index, or a folder that holds {@value #SINGLE} or
   *     {@value #INDEX}
   * @throws BadInput if nothing is there, or a file is malformed: the message names file, tensor,
   *     field, what was expected and what was found
   */
  public static Safetensors open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      return open(path, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static Safetensors open(Path path, Arena arena) {
    if (Files.isDirectory(path)) {
      Path single = path.resolve(SINGLE);
      if (Files.exists(single)) return single(single, arena);
      Path index = path.resolve(INDEX);
      if (Files.exists(index)) return sharded(index, arena);
      throw noWeights(path);
    }
    return String.valueOf(path.getFileName()).endsWith(".json")
        ? sharded(path, arena)
        : single(path, arena);
  }

  private static BadInput noWeights(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> others =
          files
              .map(p -> String.valueOf(p.getFileName()))
              .filter(n ->
                  n.endsWith(".bin")
                      || n.endsWith(".pt")
                      || n.endsWith(".pth")
                      || n.endsWith(".safetensors"))
              .sorted()
              .limit(3)
              .toList();
      return new BadInput(
          folder
              + ": no weights: expected "
              + SINGLE
              + " or "
              + INDEX
              + (others.isEmpty()
                  ? ""
                  : ", found " + String.join(", ", others) + "; save the model as safetensors"));
    } catch (IOException e) {
      return MappedFile.unreadable(folder, e);
    }
  }

  private static Safetensors single(Path path, Arena arena) {
    MappedFile file = MappedFile.open(path, arena);
    var part = new SafetensorsPart(path.toString(), file.bytes());
    return new Safetensors(
        arena, path, List.of(path), file.bytes().byteSize(), part.entries(), part.metadata());
  }

  private static Safetensors sharded(Path index, Arena arena) {
    Map<String, String> shardOf = weightMap(index, arena);
    var shards = new LinkedHashMap<String, Map<String, Entry>>();
    var paths = new LinkedHashMap<String, Path>();
    long bytes = 0;
    var entries = new LinkedHashMap<String, Entry>();
    for (var e : shardOf.entrySet()) {
      String name = e.getValue();
      if (!shards.containsKey(name)) {
        if (shards.size() == MAX_SHARDS) {
          throw new BadInput(index + ": expected at most " + MAX_SHARDS + " shards, found more");
        }
        Path path = shard(index, name);
        if (!Files.exists(path)) {
          throw new BadInput(index + ": shard " + path + " is missing; download all files");
        }
        MappedFile file = MappedFile.open(path, arena);
        bytes += file.bytes().byteSize();
        shards.put(name, new SafetensorsPart(path.toString(), file.bytes()).entries());
        paths.put(name, path);
      }
      Entry entry = shards.get(name) == null ? null : shards.get(name).get(e.getKey());
      if (entry == null) {
        throw new BadInput(
            paths.get(name)
                + ": tensor "
                + Names.quote(e.getKey())
                + " is missing, which "
                + index.getFileName()
                + " says is here");
      }
      entries.put(e.getKey(), entry);
    }
    return new Safetensors(arena, index, List.copyOf(paths.values()), bytes, entries, Map.of());
  }

  private static Map<String, String> weightMap(Path index, Arena arena) {
    MappedFile file = MappedFile.open(index, arena);
    if (file.bytes().byteSize() > SafetensorsPart.MAX_HEADER) {
      throw new BadInput(
          index
              + ": expected an index of at most "
              + SafetensorsPart.MAX_HEADER
              + " bytes, found "
              + file.bytes().byteSize());
    }
    var out = new LinkedHashMap<String, String>();
    String where = index.toString();
    SafetensorsPart.parse(
        where,
        0,
        file.bytes().toArray(ValueLayout.JAVA_BYTE),
        p -> {
          while (p.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = p.currentName();
            p.nextToken();
            if (!key.equals("weight_map")) {
              p.skipChildren();
              continue;
            }
            if (p.currentToken() != JsonToken.START_OBJECT) {
              throw SafetensorsPart.unexpected(where, p, "an object");
            }
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
              String name = p.currentName();
              if (p.nextToken() != JsonToken.VALUE_STRING) {
                throw SafetensorsPart.unexpected(where, p, "a file name");
              }
              out.put(name, p.getString());
            }
          }
        });
    if (out.isEmpty()) {
      throw new BadInput(index + ": JSON key \"weight_map\": expected tensors, found none");
    }
    return out;
  }

  /** Shards lie beside the index: a name that leads elsewhere is refused, not followed. */
  private static Path shard(Path index, String name) {
    try {
      if (!name.isEmpty()
          && !name.equals(".")
          && !name.equals("..")
          && name.indexOf('/') < 0
          && name.indexOf('\\') < 0
          && name.indexOf(0) < 0) {
        return index.resolveSibling(name);
      }
    } catch (InvalidPathException _) {
      // Refused below, like any other bad name.
    }
    throw new BadInput(
        index
            + ": JSON key \"weight_map\": expected names of files beside the index, found "
            + Names.quote(name));
  }

  /** Returns the weight files, in the order of their first use. */
  public List<Path> paths() {
    return paths;
  }

  /** Returns the size of all weight files together. */
  public long bytes() {
    return bytes;
  }

  /** Returns all arrays by name. */
  public Map<String, Entry> entries() {
    return entries;
  }

  /** Returns the texts of {@code __metadata__} of a single file, none for shards. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Returns an array as a tensor, where there is one of this name.
   *
   * @throws BadInput if its number type or shape is none that tensors have
   */
  public Optional<Tensor> find(String name) {
    Entry e = entries.get(name);
    if (e == null) return Optional.empty();
    BlockFormat format =
        e.dtype()
            .format()
            .orElseThrow(() ->
                new BadInput(
                    source
                        + ": tensor "
                        + Names.quote(name)
                        + ": dtype: expected F32, F16, BF16, F64 or a signed integer, found "
                        + e.dtype()
                        + "; save the model in one of these"));
    long[] shape = e.shape();
    long row = shape.length == 0 ? 1 : shape[shape.length - 1];
    if (Arrays.stream(shape).anyMatch(s -> s < 1) || row > Integer.MAX_VALUE) {
      throw new BadInput(
          source
              + ": tensor "
              + Names.quote(name)
              + ": shape: expected sizes of at least 1, found "
              + Arrays.toString(shape));
    }
    return Optional.of(new Tensor(format, shape, e.data()));
  }

  /**
   * Returns an array as a tensor.
   *
   * @throws BadInput if there is none of this name, or its number type is none that tensors have
   */
  public Tensor tensor(String name) {
    return find(name)
        .orElseThrow(() -> new BadInput(source + ": tensor " + Names.quote(name) + " is missing"));
  }

  /** Unmaps the files. Nothing that came from them may be used afterwards. */
  @Override
  public void close() {
    arena.close();
  }
}
