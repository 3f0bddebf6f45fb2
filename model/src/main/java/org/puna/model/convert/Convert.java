package org.puna.model.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.weights.Rows;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;

/**
 * Hugging Face folders to GGUF, with the names and conventions of llama.cpp, and GGUF to Hugging
 * Face folders. Tensors of one format pass bit for bit, whatever moves in their layout.
 */
public final class Convert {
  /** Bytes of a shard above which folders get another one. */
  public static final long SHARD_BYTES = 5_000_000_000L;

  private Convert() {}

  /**
   * Converts a model to the other kind: to GGUF where {@code out} ends in {@code .gguf}, otherwise
   * to a folder.
   *
   * @param in a GGUF file or a folder
   * @param out the file or folder to write, whole or not at all
   * @param type the type of the matrices, such as {@code f16}, {@code bf16}, {@code q8_0}, {@code
   *     q4_k_m}; empty for the type they have
   * @param threads platform threads to use
   * @param progress hears of written bytes
   * @return what became of each tensor
   * @throws BadInput if the input is malformed, the type is unknown, or the output cannot be
   *     written
   */
  public static Report run(
      Path in, Path out, Optional<String> type, int threads, Progress progress) {
    return run(in, out, type, Optional.empty(), threads, progress);
  }

  /**
   * As {@link #run(Path, Path, Optional, int, Progress)}, giving the model a name.
   *
   * @param name the model's name, which a GGUF file holds; empty for the one that it has: what its
   *     GGUF file says, or what its folder is called
   * @throws BadInput also if a folder is to hold a name, which it cannot
   */
  public static Report run(
      Path in,
      Path out,
      Optional<String> type,
      Optional<String> name,
      int threads,
      Progress progress) {
    boolean gguf = out.toString().endsWith(".gguf");
    if (name.isPresent() && (!gguf || name.get().isBlank())) {
      throw new BadInput(
          out
              + ": expected a .gguf file and a name to write into it, found "
              + (gguf ? "an empty name" : "a folder, which holds no name but its own"));
    }
    try (var checkpoint = Checkpoint.open(in)) {
      checkApart(checkpoint.files(), out);
      if (gguf) {
        Optional<Mix> mix = type.map(Mix::named);
        return toGguf(checkpoint, out, mix, name.orElse(checkpoint.name()), threads, progress);
      }
      return toFolder(checkpoint, out, type.map(Mix::named), SHARD_BYTES, threads, progress);
    }
  }

  /**
   * Checks that writing does not destroy what is read.
   *
   * @throws BadInput if {@code out} is one of the files
   */
  static void checkApart(List<Path> in, Path out) {
    for (Path file : in) {
      try {
        if (!Files.exists(out) || !Files.isSameFile(file, out)) continue;
      } catch (IOException e) {
        throw new BadInput(out + ": cannot be looked at: " + e.getMessage(), e);
      }
      throw new BadInput(out + ": is the file that is read, which would be lost; name another one");
    }
  }

  /**
   * Writes a model as GGUF.
   *
   * @param in an open model
   * @param out the file to write
   * @param mix the type, empty for the types that the matrices have
   * @param name the model's name, {@code general.name}
   * @param threads platform threads to use
   * @param progress hears of written bytes
   * @return what became of each tensor
   * @throws BadInput if the file cannot be written
   */
  public static Report toGguf(
      Checkpoint in, Path out, Optional<Mix> mix, String name, int threads, Progress progress) {
    return new ToGguf(in, mix, false, name).write(out, threads, progress);
  }

  /**
   * Writes a model as a Hugging Face folder: {@code config.json}, weights in shards, tokenizer,
   * template, defaults of generation.
   *
   * @param in an open model
   * @param out the folder to write; it must not exist or be empty
   * @param mix {@code F32}, {@code F16} or {@code BF16}; empty for the types that the matrices
   *     have, with {@code BF16} for quantised ones
   * @param shardBytes bytes of a weight file above which another is begun
   * @param threads platform threads to use
   * @param progress hears of written bytes
   * @return what became of each tensor
   * @throws BadInput if the folder has something in it or cannot be written, or the type is a
   *     quantised one
   */
  public static Report toFolder(
      Checkpoint in, Path out, Optional<Mix> mix, long shardBytes, int threads, Progress progress) {
    if (mix.isPresent() && !mix.get().plain()) {
      throw new BadInput(
          out
              + ": a folder's weights are f32, f16 or bf16, not "
              + mix.get().name()
              + "; for that name a file that ends in .gguf");
    }
    if (Files.isRegularFile(out)) {
      throw new BadInput(out + ": expected a folder to write, found a file");
    }
    return new ToFolder(in, mix, shardBytes).write(out, threads, progress);
  }

  /** Returns the tensors that a layout stores, made of a model's weights. */
  static List<Map.Entry<String, Rows>> stored(
      Checkpoint in, List<Stored> layout, boolean ropeInterleaved) {
    var present = new HashMap<String, Weight>();
    for (Weight w : in.weights().all()) present.put(w.name(), w);
    Function<String, Rows> canonical =
        name -> {
          Weight w = present.get(name);
          if (w == null) throw new IllegalStateException("no weight " + name);
          Rows rows = in.weights().rows(name);
          return w.rotated() == 0 || in.weights().ropeInterleaved() == ropeInterleaved
              ? rows
              : rotated(rows, w, ropeInterleaved);
        };
    var out = new ArrayList<Map.Entry<String, Rows>>();
    for (Stored s : layout) {
      if (!present.keySet().containsAll(s.canonical())) continue;
      Map<String, Rows> tensors = s.write(canonical);
      for (String name : s.stored()) {
        Rows rows = tensors.get(name);
        if (rows == null) throw new IllegalStateException("no tensor " + name);
        out.add(Map.entry(name, rows));
      }
    }
    return out;
  }

  /**
   * Reorders the rows of each head: pairs that were half a head apart become neighbours, or the
   * other way round.
   */
  private static Rows rotated(Rows rows, Weight w, boolean interleave) {
    int headDim = Math.toIntExact(w.shape()[0] / w.rotated());
    int half = headDim / 2;
    return rows.reordered(r -> {
      long head = r / headDim * headDim;
      int i = (int) (r % headDim);
      int source = interleave ? i % 2 * half + i / 2 : i % half * 2 + i / half;
      return head + source;
    });
  }
}
