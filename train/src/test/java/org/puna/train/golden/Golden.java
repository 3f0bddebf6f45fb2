package org.puna.train.golden;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.puna.fixtures.Fixtures;
import org.puna.model.config.ModelConfig;
import org.puna.model.layers.Decoders;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Graph;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.loss.Network;
import org.puna.train.params.Parameter;
import org.puna.train.params.Parameters;
import org.puna.train.tape.Recompute;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files of the golden runs and the model that they train. */
final class Golden {
  static final int VOCAB = 320;
  static final int LENGTH = 49;
  static final int BATCH = 4;

  private static final int LAYERS = 2;

  private Golden() {}

  static Path path(String name) {
    return Fixtures.path("training/" + name);
  }

  static JsonNode expected(String run) {
    return JsonMapper.shared().readTree(path("golden.json").toFile()).get(run);
  }

  /** Returns all tensors of a file under their stored names. */
  static Map<String, float[]> tensors(String file) {
    Map<String, float[]> out = new LinkedHashMap<>();
    try (Safetensors s = Safetensors.open(path(file))) {
      for (String name : s.entries().keySet()) out.put(name, s.tensor(name).toFloats());
    }
    return out;
  }

  /** Returns the integers of one step: rows of token ids, or of a mask. */
  static int[] step(String name, int step, int n) {
    try (Safetensors s = Safetensors.open(path("data.safetensors"))) {
      var e = s.entries().get(name);
      int[] out = new int[n];
      for (int i = 0; i < n; i++) {
        long at = (long) step * n + i;
        MemorySegment d = e.data();
        out[i] =
            switch (e.dtype()) {
              case U8 -> d.get(ValueLayout.JAVA_BYTE, at);
              case I32 -> d.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * at);
              default -> throw new IllegalStateException("dtype " + e.dtype());
            };
      }
      return out;
    }
  }

  /** Returns the inputs of a step: all but the last token of each row. */
  static int[] inputs(int[] tokens) {
    return slice(tokens, 0);
  }

  /** Returns the targets of a step: all but the first token of each row. */
  static int[] targets(int[] tokens) {
    return slice(tokens, 1);
  }

  private static int[] slice(int[] tokens, int shift) {
    int[] out = new int[tokens.length / LENGTH * (LENGTH - 1)];
    for (int i = 0; i < out.length; i++) {
      out[i] = tokens[i / (LENGTH - 1) * LENGTH + i % (LENGTH - 1) + shift];
    }
    return out;
  }

  static ModelConfig config() {
    var rope = new ModelConfig.Rope(10000, 16, new ModelConfig.RopeScaling.None());
    var layer = new ModelConfig.Layer(new ModelConfig.Span.Full(), Optional.of(rope), false);
    return new ModelConfig(
        "llama",
        VOCAB,
        64,
        128,
        1e-5,
        true,
        new ModelConfig.Attention(
            4, 2, 16, 0.25, false, false, ModelConfig.QkNorm.NONE, 0, Optional.empty()),
        new ModelConfig.Ffn(176, ModelConfig.Activation.SILU, true),
        Optional.empty(),
        Collections.nCopies(LAYERS, layer),
        1,
        0);
  }

  /** Returns the canonical name of a stored one. */
  static String canonical(String stored) {
    return stored
        .replace("model.embed_tokens", "token_embd")
        .replace("model.norm", "output_norm")
        .replace("model.layers.", "blk.")
        .replace("input_layernorm", "attn_norm")
        .replace("post_attention_layernorm", "ffn_norm")
        .replace("self_attn.o_proj", "attn_output")
        .replaceAll("self_attn\\.([qkv])_proj", "attn_$1")
        .replaceAll("mlp\\.(gate|up|down)_proj", "ffn_$1");
  }

  /** Reads the weights of a folder; those that {@code trained} accepts can be trained. */
  static Parameters weights(String folder, Predicate<String> trained) {
    List<Parameter> parameters = new ArrayList<>();
    List<Param> frozen = new ArrayList<>();
    try (Safetensors s = Safetensors.open(path(folder))) {
      for (String stored : s.entries().keySet()) {
        String name = canonical(stored);
        Tensor t = s.tensor(stored);
        float[] w = t.toFloats();
        Parameter p = new Parameter(name, t.shape(), w, new float[w.length]);
        if (trained.test(name)) parameters.add(p);
        else frozen.add(p.param());
      }
    }
    return new Parameters(parameters, frozen, false);
  }

  static Graph graph(Parameters weights) {
    return Decoders.preNorm(config(), weights, 128);
  }

  static Network network(
      Graph graph,
      Map<String, float[]> gradients,
      Recompute recompute,
      int rows,
      Kernels kernels,
      GradKernels grads,
      Team team) {
    return new Network(graph, gradients, recompute, rows, kernels, grads, team);
  }
}
