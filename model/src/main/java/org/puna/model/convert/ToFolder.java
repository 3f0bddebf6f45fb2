package org.puna.model.convert;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.puna.model.Checkpoint;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.HfNames;
import org.puna.model.config.BadInput;
import org.puna.model.config.DiskFull;
import org.puna.model.config.ModelConfig;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.weights.Rows;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/** A model as a Hugging Face folder. */
final class ToFolder {
  private final Checkpoint in;
  private final ModelConfig config;
  private final Architecture architecture;
  private final Optional<Mix> mix;
  private final long shardBytes;

  ToFolder(Checkpoint in, Optional<Mix> mix, long shardBytes) {
    this.in = in;
    this.mix = mix;
    this.shardBytes = shardBytes;
    config = in.config();
    architecture = in.architecture();
  }

  Report write(Path out, int threads, Progress progress) {
    Path target = out.toAbsolutePath().normalize();
    Path parent = target.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new BadInput(out + ": the folder " + parent + " does not exist; create it first");
    }
    try {
      if (Files.exists(target) && !isEmpty(target)) {
        throw new BadInput(out + ": expected a new or empty folder, found files in it");
      }
      // Not a temporary folder as the library makes them, which their owner alone may enter.
      String mark = Long.toHexString(ProcessHandle.current().pid()) + "-" + System.nanoTime();
      Path part =
          Files.createDirectory(parent.resolve("." + target.getFileName() + "." + mark + ".part"));
      try {
        Report report = fill(part, threads, progress);
        Files.deleteIfExists(target);
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        return report;
      } catch (DiskFull e) {
        throw e.naming(part.toString(), out.toString());
      } finally {
        delete(part);
      }
    } catch (IOException e) {
      throw new BadInput(out + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path p : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(p);
    }
  }

  private Report fill(Path folder, int threads, Progress progress) {
    BlockFormat main = mainFormat();
    Report report = weights(folder, plans(main), threads, progress);
    FolderFiles.write(in, folder, dtype(main));
    return report;
  }

  private static String dtype(BlockFormat main) {
    if (main.equals(BlockFormats.F32)) return "float32";
    return main.equals(BlockFormats.F16) ? "float16" : "bfloat16";
  }

  /** The format of most matrices, of those that folders may have. */
  private BlockFormat mainFormat() {
    if (mix.isPresent()) return mix.get().base();
    BlockFormat f = in.weights().rows("token_embd.weight").format(0);
    return f.equals(BlockFormats.F32) || f.equals(BlockFormats.F16) ? f : BlockFormats.BF16;
  }

  private List<Plan> plans(BlockFormat main) {
    var out = new ArrayList<Plan>();
    for (var t :
        Convert.stored(
            in, architecture.hfLayout(config, HfNames.TEXT), architecture.hfRopeInterleaved())) {
      Rows rows = t.getValue();
      out.add(new Plan(t.getKey(), rows, format(rows, main), ""));
    }
    return out;
  }

  private BlockFormat format(Rows rows, BlockFormat main) {
    if (mix.isPresent()) return main;
    // GGUF widens vectors to float32: they go back to what the matrices have where nothing is lost.
    if (rows.shape().length < 2) return exact(rows, main) ? main : BlockFormats.F32;
    BlockFormat first = rows.format(0);
    boolean one = true;
    for (long r = 0; r < rows.rows(); r += rows.run(r)) one &= rows.format(r).equals(first);
    boolean keeps =
        one
            && (first.equals(BlockFormats.F32)
                || first.equals(BlockFormats.F16)
                || first.equals(BlockFormats.BF16));
    return keeps && !(first.equals(BlockFormats.F32) && exact(rows, main)) ? first : main;
  }

  /** Whether a small tensor's numbers survive another format; large ones keep what they have. */
  private static boolean exact(Rows rows, BlockFormat format) {
    final long small = 1 << 20;
    BlockFormat f = rows.format(0);
    if (f.equals(format)) return true;
    if (rows.rows() * rows.rowElements() > small || rows.run(0) < rows.rows()) return false;
    int n = Math.toIntExact(rows.rows() * rows.rowElements());
    var bytes = MemorySegment.ofArray(new byte[Math.toIntExact(f.bytes(n))]);
    rows.copy(0, (int) rows.rows(), bytes);
    float[] before = new float[n];
    f.decode(bytes, 0, before, 0, n);
    var narrow = MemorySegment.ofArray(new byte[Math.toIntExact(format.bytes(n))]);
    format.encode(before, 0, n, narrow, 0);
    float[] after = new float[n];
    format.decode(narrow, 0, after, 0, n);
    return Arrays.equals(before, after);
  }

  private Report weights(Path folder, List<Plan> plans, int threads, Progress progress) {
    List<List<Plan>> shards = shards(plans);
    long total = plans.stream().mapToLong(Plan::bytes).sum();
    long before = 0;
    var reports = new ArrayList<Report.TensorReport>();
    var index = new TreeMap<String, String>();
    for (int i = 0; i < shards.size(); i++) {
      List<Plan> shard = shards.get(i);
      String name =
          shards.size() == 1
              ? Safetensors.SINGLE
              : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      List<SafetensorsWriter.Spec> specs =
          shard.stream()
              .map(p ->
                  new SafetensorsWriter.Spec(
                      p.name(), Dtype.of(p.to()).orElseThrow(), p.source().shape()))
              .toList();
      try (var writer =
          SafetensorsWriter.create(folder.resolve(name), specs, Map.of("format", "pt"))) {
        long base = before;
        Report r =
            Plan.run(
                shard, threads, (done, t) -> progress.at(base + done, total), 0, writer::write);
        writer.commit();
        reports.addAll(r.tensors());
        before += r.bytesAfter();
      }
      for (Plan p : shard) index.put(p.name(), name);
    }
    if (shards.size() > 1) {
      var map = new LinkedHashMap<String, Object>();
      map.put("metadata", Map.of("total_size", total));
      map.put("weight_map", index);
      FolderFiles.json(folder.resolve(Safetensors.INDEX), map);
    }
    return new Report(reports, in.bytes(), total);
  }

  private List<List<Plan>> shards(List<Plan> plans) {
    var out = new ArrayList<List<Plan>>();
    var shard = new ArrayList<Plan>();
    long bytes = 0;
    for (Plan p : plans) {
      if (!shard.isEmpty() && bytes + p.bytes() > shardBytes) {
        out.add(List.copyOf(shard));
        shard.clear();
        bytes = 0;
      }
      shard.add(p);
      bytes += p.bytes();
    }
    out.add(List.copyOf(shard));
    return out;
  }
}
