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
import java.util.OptionalInt;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.HfNames;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.io.OutputFile;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.weights.Rows;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;
import org.puna.train.params.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** Writes a trained model as a Hugging Face folder, in float32. */
public final class ModelFolder {
  private static final List<String> TOKENIZER_FILES =
      List.of(
          "tokenizer.json",
          "tokenizer.model",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private ModelFolder() {}

  /**
   * Writes the folder.
   *
   * @param tokenizer a folder from which the tokenizer's files are copied, where there is one
   * @param bos id that begins a text
   * @param eos id that ends one
   * @throws BadInput if it cannot be written
   */
  public static void write(
      Path folder,
      Architecture architecture,
      ModelConfig config,
      Parameters weights,
      Optional<Path> tokenizer,
      OptionalInt bos,
      OptionalInt eos) {
    try {
      Files.createDirectories(folder);
      weights(folder.resolve(Safetensors.SINGLE), architecture, config, weights);
      Map<String, Object> json = new LinkedHashMap<>(architecture.toHf(config));
      bos.ifPresent(id -> json.put("bos_token_id", id));
      eos.ifPresent(id -> json.put("eos_token_id", id));
      json.put("torch_dtype", "float32");
      OutputFile.writeText(
          folder.resolve("config.json"),
          JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
      if (tokenizer.isPresent()) {
        for (String name : TOKENIZER_FILES) {
          Path from = tokenizer.get().resolve(name);
          if (Files.exists(from))
            OutputFile.writeText(folder.resolve(name), Files.readString(from));
        }
      }
    } catch (IOException e) {
      throw new BadInput(folder + ": the model cannot be written: " + e.getMessage(), e);
    }
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
