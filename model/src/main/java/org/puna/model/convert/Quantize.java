package org.puna.model.convert;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufMetadata;
import org.puna.model.gguf.GgufValue;
import org.puna.model.gguf.GgufWriter;
import org.puna.model.weights.Rows;
import org.puna.tensor.Tensor;

/**
 * Models to GGUF of another type. Of a GGUF file any architecture will do: only names and shapes
 * decide. Norms, biases and routers keep their format, as in llama.cpp.
 */
public final class Quantize {
  /** The version of ggml's block layouts, which has been 2 since 2023. */
  static final int QUANTIZATION_VERSION = 2;

  private Quantize() {}

  /**
   * Writes a file of a type.
   *
   * @param in a GGUF file, any part of a split one, or a Hugging Face folder
   * @param out the file to write, whole or not at all
   * @param mix the type
   * @param pure whether every tensor shall have the type's base format, without finer ones for some
   * @param threads platform threads to use
   * @param progress hears of written bytes
   * @return what became of each tensor, with the error of encoding
   * @throws BadInput if the input is malformed or the output cannot be written
   */
  public static Report run(
      Path in, Path out, Mix mix, boolean pure, int threads, Progress progress) {
    if (Files.isDirectory(in)) {
      try (var checkpoint = Checkpoint.open(in)) {
        Convert.checkApart(checkpoint.files(), out);
        return new ToGguf(checkpoint, Optional.of(mix), pure, checkpoint.name())
            .write(out, threads, progress);
      }
    }
    try (var file = GgufFile.open(in)) {
      Convert.checkApart(file.paths(), out);
      var chooser = new TypeChooser(mix, model(file), pure);
      var plans = new ArrayList<Plan>();
      file.tensors().forEach((name, t) -> plans.add(plan(name, t, chooser)));
      var metadata = new LinkedHashMap<String, GgufValue>();
      file.metadata()
          .values()
          .forEach((key, value) -> {
            if (!key.startsWith("split.")) metadata.put(key, value);
          });
      metadata.put("general.quantization_version", GgufValue.u32(QUANTIZATION_VERSION));
      metadata.put("general.file_type", GgufValue.u32(mix.fileType()));
      return write(out, metadata, plans, threads, progress, size(file));
    }
  }

  /** Writes planned tensors as one GGUF file. */
  static Report write(
      Path out,
      Map<String, GgufValue> metadata,
      List<Plan> plans,
      int threads,
      Progress progress,
      long bytesBefore) {
    List<GgufWriter.Spec> specs =
        plans.stream().map(p -> new GgufWriter.Spec(p.name(), p.to(), p.source().shape())).toList();
    try (var writer = GgufWriter.create(out, metadata, specs)) {
      Report report = Plan.run(plans, threads, progress, bytesBefore, writer::write);
      writer.commit();
      return report;
    }
  }

  private static long size(GgufFile file) {
    return file.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum();
  }

  private static Plan plan(String name, Tensor t, TypeChooser chooser) {
    Rows rows = Rows.of(t);
    if (!TypeChooser.quantises(name, t.rank())) return new Plan(name, rows, t.format(), "");
    TypeChooser.Choice choice = chooser.choose(name, t.shape());
    boolean again = t.format().blockElements() > 1 && !t.format().equals(choice.format());
    String note = choice.note();
    if (again) {
      note += (note.isEmpty() ? "" : "; ") + "was already quantised: errors add up";
    }
    return new Plan(name, rows, choice.format(), note);
  }

  private static TypeChooser.Model model(GgufFile file) {
    GgufMetadata m = file.metadata();
    String a = m.string("general.architecture");
    int heads = m.optionalU32OfLayers(a + ".attention.head_count").orElse(1);
    int kvHeads = m.optionalU32OfLayers(a + ".attention.head_count_kv").orElse(heads);
    return new TypeChooser.Model(
        a,
        m.optionalU32(a + ".block_count").orElse(1),
        kvHeads == 0 ? 1 : heads / kvHeads,
        m.optionalU32(a + ".expert_count").orElse(0),
        file.tensor("output.weight").isEmpty());
  }
}
