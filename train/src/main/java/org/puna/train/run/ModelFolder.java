package org.puna.train.run;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.puna.model.Checkpoint;
import org.puna.model.GenerationDefaults;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.HfNames;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.convert.FolderFiles;
import org.puna.model.io.OutputFile;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.weights.Rows;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;
import org.puna.train.params.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** Writes a trained model as a Hugging Face folder, in float32. */
public final class ModelFolder {
  private static final String DTYPE = "float32";

  private ModelFolder() {}

  /**
   * Writes a model that was trained from its first weights on.
   *
   * @param tokenizer where there is one
   * @param tokenizerFolder a folder from which the tokenizer's files are copied
   * @throws BadInput if it cannot be written
   */
  public static void write(
      Path folder,
      Architecture architecture,
      ModelConfig config,
      Parameters weights,
      Optional<Tokenizer> tokenizer,
      Optional<Path> tokenizerFolder) {
    create(folder);
    weights(folder.resolve(Safetensors.SINGLE), architecture, config, weights);
    Map<String, Object> json = new LinkedHashMap<>(architecture.toHf(config));
    tokenizer.map(Tokenizer::bos).ifPresent(b -> b.ifPresent(id -> json.put("bos_token_id", id)));
    tokenizer.map(Tokenizer::eos).ifPresent(e -> e.ifPresent(id -> json.put("eos_token_id", id)));
    json.put("torch_dtype", DTYPE);
    OutputFile.writeText(
        folder.resolve("config.json"),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
    tokenizer.ifPresent(t -> FolderFiles.generation(ending(t), tokenizer, folder));
    tokenizerFolder.ifPresent(from -> FolderFiles.copyTokenizer(from, folder));
  }

  /**
   * Writes a model that was trained further: what its files said stays as it is.
   *
   * @param base the model before, still open
   * @throws BadInput if it cannot be written
   */
  public static void write(Path folder, Checkpoint base, Parameters weights) {
    create(folder);
    weights(folder.resolve(Safetensors.SINGLE), base.architecture(), base.config(), weights);
    FolderFiles.write(base, folder, DTYPE);
  }

  private static void create(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new BadInput(folder + ": the model cannot be written: " + e.getMessage(), e);
    }
  }

  /** A library that knows no tokenizer's conventions still has to know where an answer ends. */
  private static GenerationDefaults ending(Tokenizer t) {
    Set<Integer> ends = new TreeSet<>();
    for (int id : t.endOfGeneration()) ends.add(id);
    t.eos().ifPresent(ends::add);
    return new GenerationDefaults(
        Optional.empty(),
        OptionalDouble.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        ends);
  }

  private static void weights(
      Path file, Architecture architecture, ModelConfig config, Parameters weights) {
    Map<String, Weight> known = new LinkedHashMap<>();
    for (Weight w : architecture.weights(config)) {
      if (weights.find(w.name()).isPresent()) known.put(w.name(), w);
    }
    boolean turn = weights.ropeInterleaved() != architecture.hfRopeInterleaved();
    List<SafetensorsWriter.Spec> specs = new ArrayList<>();
    List<Rows> sources = new ArrayList<>();
    for (Stored s : architecture.hfLayout(config, HfNames.TEXT)) {
      if (!known.keySet().containsAll(s.canonical())) continue;
      s.write(name -> rows(weights, known, name, turn))
          .forEach((name, rows) -> {
            sources.add(rows.to(BlockFormats.F32));
            specs.add(new SafetensorsWriter.Spec(name, Dtype.F32, rows.shape()));
          });
    }
    try (var writer = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
      for (int i = 0; i < sources.size(); i++) write(writer, i, sources.get(i));
      writer.commit();
    }
  }

  private static Rows rows(
      Parameters weights, Map<String, Weight> known, String name, boolean turn) {
    Tensor t = weights.get(name).tensor();
    Weight w = known.get(name);
    Rows rows = Rows.of(t);
    if (w == null || w.rotated() == 0 || !turn) return rows;
    // Neighbouring pairs come apart by half a head.
    int headDim = Math.toIntExact(w.shape()[0] / w.rotated());
    int half = headDim / 2;
    return rows.reordered(r -> {
      long i = r % headDim;
      return r / headDim * headDim + i % half * 2 + i / half;
    });
  }

  private static void write(SafetensorsWriter writer, int tensor, Rows rows) {
    long rowBytes = (long) rows.rowElements() * Float.BYTES;
    int most = (int) Math.max(1, (1 << 22) / rowBytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(most * rowBytes, 64);
      for (long r = 0; r < rows.rows(); ) {
        int n = (int) Math.min(most, Math.min(rows.run(r), rows.rows() - r));
        MemorySegment part = buffer.asSlice(0, n * rowBytes);
        rows.copy(r, n, part);
        writer.write(tensor, r * rowBytes, part);
        r += n;
      }
    }
  }
}
