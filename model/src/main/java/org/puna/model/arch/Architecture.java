package org.puna.model.arch;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.puna.model.config.ModelConfig;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.layers.Decoders;
import org.puna.model.layers.Params;
import org.puna.model.layers.Result;
import org.puna.model.weights.Stored;
import org.puna.model.weights.Weight;
import org.puna.tensor.Graph;

/**
 * A family of models: its configuration in both kinds of files, the names and layouts of its
 * weights, and its forward pass.
 *
 * <p>Implementations are stateless. A new one is a file here and a line in {@link Architectures}.
 */
public interface Architecture {
  /** Returns the name in {@link Architectures} and in {@link ModelConfig#architecture()}. */
  String name();

  /** Returns the values of {@code model_type} in {@code config.json} that it reads: its name. */
  default Set<String> modelTypes() {
    return Set.of(name());
  }

  /** Returns the {@code general.architecture} that it writes into GGUF: its name. */
  default String ggufName() {
    return name();
  }

  /** Returns whether a GGUF file is of this family: whether it says what this one writes. */
  default boolean reads(GgufFile file) {
    return file.metadata().string("general.architecture").equals(ggufName());
  }

  /**
   * Reads {@code config.json}; missing keys have the defaults of the transformers library.
   *
   * @param config the text model's object
   * @throws org.puna.model.config.BadInput if a value is wrong or asks for what is not supported
   */
  ModelConfig fromHf(HfConfig config);

  /**
   * Reads GGUF metadata.
   *
   * @throws org.puna.model.config.BadInput if a key is missing, wrong or asks for what is not
   *     supported
   */
  ModelConfig fromGguf(GgufFile file);

  /** Returns the metadata of a configuration, with llama.cpp's keys, in order. */
  Map<String, GgufValue> toGguf(ModelConfig config);

  /** Returns {@code config.json} of a configuration, in order. */
  Map<String, Object> toHf(ModelConfig config);

  /** Returns every weight of a configuration, in the order in which files list them. */
  List<Weight> weights(ModelConfig config);

  /** Returns how Hugging Face folders store the weights. */
  List<Stored> hfLayout(ModelConfig config, HfNames names);

  /** Returns how GGUF stores the weights: under their canonical names unless overridden. */
  default List<Stored> ggufLayout(ModelConfig config) {
    return weights(config).stream().<Stored>map(w -> new Stored.Plain(w.name(), w.name())).toList();
  }

  /**
   * Returns the tensors of GGUF that stand for a configuration's rotary scaling: a divisor for each
   * frequency, by name.
   */
  default Map<String, float[]> ropeTensors(ModelConfig config) {
    return GgufRope.tensors(HfDecoder.firstRope(config));
  }

  /**
   * Returns whether rotating pairs are neighbouring rows of queries and keys in a Hugging Face
   * folder; otherwise they are half a head apart.
   */
  default boolean hfRopeInterleaved() {
    return false;
  }

  /** Returns whether rotating pairs are neighbouring rows of queries and keys in GGUF. */
  boolean ggufRopeInterleaved();

  /**
   * Records the forward pass, from token ids to logits [M, V].
   *
   * @param config a configuration of this family
   * @param weights its weights
   * @param contextLength positions that will be used, at least 1
   */
  default Graph forward(ModelConfig config, Params weights, int contextLength) {
    return forward(config, weights, contextLength, Result.LOGITS);
  }

  /**
   * Records the forward pass up to a result.
   *
   * @param config a configuration of this family
   * @param weights its weights
   * @param contextLength positions that will be used, at least 1
   * @param result what the graph ends with
   * @throws org.puna.model.config.BadInput if the model cannot give the result
   */
  default Graph forward(ModelConfig config, Params weights, int contextLength, Result result) {
    return Decoders.preNorm(config, weights, contextLength, result);
  }
}
