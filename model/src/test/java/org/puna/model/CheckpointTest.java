package org.puna.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.config.BadInput;
import org.puna.model.gguf.GgufArray;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.gguf.GgufWriter;
import org.puna.model.safetensors.Safetensors;
import org.puna.model.safetensors.SafetensorsWriter;
import org.puna.model.weights.Weight;
import org.puna.tensor.Tensor;

class CheckpointTest {
  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#decoders")
  void opensEveryFamily(String family) {
    try (var c = Checkpoint.open(Fixtures.path("models/" + family))) {
      assertThat(c.name()).isEqualTo(family);
      assertThat(c.config().architecture()).isEqualTo(c.architecture().name());
      assertThat(c.config().architecture()).isEqualTo(family.replaceAll("(llama)[23].*", "$1"));
      assertThat(c.generation().endIdsAscending()).containsExactly(2);
      assertThat(c.hasTokenizer()).isFalse();
      long bytes = 0;
      for (Weight w : c.weights().all()) {
        Tensor t = c.weights().get(w.name()).tensor();
        assertThat(t.shape()).as(w.name()).isEqualTo(w.shape());
        bytes += t.data().byteSize();
      }
      long stored =
          c.safetensors().get().entries().values().stream()
              .mapToLong(e -> e.data().byteSize())
              .sum();
      assertThat(bytes).as("every stored number is a weight").isEqualTo(stored);
      assertThat(c.weights().find("output.weight").isEmpty())
          .isEqualTo(c.config().tiedEmbeddings());
      assertThat(c.weights().ropeInterleaved()).isEqualTo(family.equals("llama4"));
    }
  }

  @Test
  void opensGguf() {
    try (var c = Checkpoint.open(Fixtures.path("gguf/tiny-mixed.gguf"))) {
      assertThat(c.name()).isEqualTo("tiny-mixed");
      assertThat(c.config().architecture()).isEqualTo("llama");
      assertThat(c.config().layers()).hasSize(2);
      assertThat(c.config().normEps()).isEqualTo(1e-5);
      assertThat(c.config().vocabSize()).isEqualTo(512);
      assertThat(c.weights().ropeInterleaved()).isTrue();
      assertThat(c.weights().all()).hasSize(21);
      assertThat(c.chatTemplate().get()).startsWith("{{ bos_token }}");
      assertThat(c.generation().endIdsAscending()).containsExactly(511);
      assertThat(c.tokenizer().vocabSize()).isEqualTo(512);
      assertThat(c.tokenizer().bos()).hasValue(507);
    }
  }

  @Test
  void viewsFusedMatricesAndCopiesWhereItMust() {
    try (var c = Checkpoint.open(Fixtures.path("models/phi3"))) {
      var f = c.safetensors().get();
      Tensor qkv = f.tensor("model.layers.1.self_attn.qkv_proj.weight");
      Tensor v = c.weights().get("blk.1.attn_v.weight").tensor();
      assertThat(v).isEqualTo(qkv.rows(96, 128));
      assertThat(v.data().address()).as("a view").isEqualTo(qkv.rows(96, 128).data().address());
      Tensor up = c.weights().get("blk.0.ffn_up.weight").tensor();
      assertThat(up).isEqualTo(f.tensor("model.layers.0.mlp.gate_up_proj.weight").rows(96, 192));
    }
    try (var c = Checkpoint.open(Fixtures.path("models/mixtral"))) {
      Tensor up = c.weights().get("blk.2.ffn_up_exps.weight").tensor();
      assertThat(up.slice(3))
          .isEqualTo(
              c.safetensors().get().tensor("model.layers.2.block_sparse_moe.experts.3.w3.weight"));
      assertThat(c.weights().get("blk.2.ffn_up_exps.weight").tensor()).isSameAs(up);
    }
    try (var c = Checkpoint.open(Fixtures.path("models/gemma3"))) {
      float stored =
          c.safetensors().get().tensor("model.layers.0.self_attn.q_norm.weight").toFloats()[5];
      float[] q = c.weights().get("blk.0.attn_q_norm.weight").tensor().toFloats();
      assertThat(q[5]).isEqualTo(stored + 1);
    }
    try (var c = Checkpoint.open(Fixtures.path("models/llama4"))) {
      float[] in =
          c.safetensors()
              .get()
              .tensor("model.layers.1.feed_forward.experts.gate_up_proj")
              .toFloats();
      float[] up = c.weights().get("blk.1.ffn_up_exps.weight").tensor().toFloats();
      int e = 2;
      int out = 7;
      int column = 11;
      assertThat(up[(e * 48 + out) * 64 + column]).isEqualTo(in[(e * 64 + column) * 96 + 48 + out]);
    }
  }

  @Test
  void readsNamesOfMultiModalFolders() throws IOException {
    copy("llama3", dir);
    try (var f = Safetensors.open(Fixtures.path("models/llama3"))) {
      var renamed = new LinkedHashMap<String, Tensor>();
      f.entries().keySet().forEach(n -> renamed.put("language_model." + n, f.tensor(n)));
      SafetensorsWriter.write(dir.resolve("model.safetensors"), renamed, Map.of());
    }
    String text = Files.readString(dir.resolve("config.json"));
    Files.writeString(
        dir.resolve("config.json"),
        "{\"model_type\":\"llava\",\"image\":1,\"text_config\":" + text + "}");
    try (var c = Checkpoint.open(dir);
        var plain = Checkpoint.open(Fixtures.path("models/llama3"))) {
      assertThat(c.config()).isEqualTo(plain.config());
      assertThat(c.weights().get("output.weight")).isEqualTo(plain.weights().get("output.weight"));
    }
  }

  @Test
  void findsTemplatesAndDefaults() throws IOException {
    copy("llama3", dir);
    write("tokenizer_config.json", "{\"chat_template\":\"A\"}");
    write("generation_config.json", "{\"eos_token_id\":[7,3],\"temperature\":0.6,\"top_k\":5}");
    try (var c = Checkpoint.open(dir)) {
      assertThat(c.chatTemplate()).hasValue("A");
      assertThat(c.generation().endIdsAscending()).containsExactly(3, 7);
      assertThat(c.generation().temperature()).hasValue(0.6);
      assertThat(c.generation().topK()).hasValue(5);
      assertThat(c.generation().topP()).isEmpty();
    }
    write(
        "tokenizer_config.json",
        "{\"chat_template\":[{\"name\":\"rag\",\"template\":\"R\"},"
            + "{\"name\":\"default\",\"template\":\"D\"}]}");
    try (var c = Checkpoint.open(dir)) {
      assertThat(c.chatTemplate()).hasValue("D");
    }
    write("chat_template.jinja", "J\n");
    try (var c = Checkpoint.open(dir)) {
      assertThat(c.chatTemplate()).hasValue("J\n");
    }
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertBad(() -> Checkpoint.open(dir.resolve("none")), "no such file or folder");
    assertBad(() -> Checkpoint.open(dir), "expected a folder with config.json or with one .gguf");
    write("config.json", "{");
    assertBad(() -> Checkpoint.open(dir), "config.json: not JSON");
    assertThatThrownBy(() -> Checkpoint.open(dir)).hasMessageNotContaining("Source");
    write("config.json", "{}");
    assertBad(() -> Checkpoint.open(dir), "model_type is missing");
    write("config.json", "{\"model_type\":\"mamba\"}");
    assertBad(() -> Checkpoint.open(dir), "found \"mamba\"");
    assertBad(() -> Checkpoint.open(dir.resolve("config.json")), "name the folder");
    copy("llama3", dir);
    change("\"hidden_size\": 64", "\"hidden_size\": 128");
    assertBad(() -> Checkpoint.open(dir), "by the configuration, found");
    change("\"hidden_size\": 128", "\"hidden_size\": 64");
    change("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 5");
    assertBad(() -> Checkpoint.open(dir), "18 tensors are missing: model.layers.3.");
    change("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 2000000000");
    assertBad(() -> Checkpoint.open(dir), "expected 1 to 2048, found 2000000000");
    change("\"num_hidden_layers\": 2000000000", "\"num_hidden_layers\": \"3\"");
    assertBad(() -> Checkpoint.open(dir), "expected a whole number");
    change("\"num_hidden_layers\": \"3\"", "\"num_hidden_layers\": 3");
    change("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3");
    assertBad(() -> Checkpoint.open(dir), "config.json: model config: 4 heads do not divide");
  }

  @Test
  void saysWhatIsWrongWithGguf() {
    Path path = dir.resolve("x.gguf");
    try (var f = GgufFile.open(Fixtures.path("gguf/tiny-q4_0.gguf"))) {
      var metadata = new LinkedHashMap<>(f.metadata().values());
      var tensors = new LinkedHashMap<>(f.tensors());
      tensors.remove("blk.1.attn_k.weight");
      GgufWriter.write(path, metadata, tensors);
      assertBad(() -> Checkpoint.open(path), "1 tensor is missing: blk.1.attn_k.weight");
      metadata.put("llama.feed_forward_length", GgufValue.u32(500));
      GgufWriter.write(path, metadata, f.tensors());
      assertBad(() -> Checkpoint.open(path), "expected [500, 256] by the configuration");
      metadata.put("llama.feed_forward_length", GgufValue.of(GgufArray.ofInts(512, 512)));
      GgufWriter.write(path, metadata, f.tensors());
      Checkpoint.open(path).close();
      Checkpoint.open(dir).close();
      metadata.put("llama.feed_forward_length", GgufValue.of(GgufArray.ofInts(512, 256)));
      GgufWriter.write(path, metadata, f.tensors());
      assertBad(() -> Checkpoint.open(path), "512 in layer 0 and 256 in layer 1");
      metadata.put("general.architecture", GgufValue.of("mamba"));
      GgufWriter.write(path, metadata, f.tensors());
      assertBad(() -> Checkpoint.open(path), "expected one of llama, llama4");
      metadata.remove("general.architecture");
      GgufWriter.write(path, metadata, f.tensors());
      assertBad(() -> Checkpoint.open(path), "general.architecture is missing");
    }
  }

  @Test
  void readsFusedQueriesKeysAndValuesOfAnyArchitecture() {
    Path path = dir.resolve("fused.gguf");
    try (var c = Checkpoint.open(Fixtures.path("gguf/tiny-q4_0.gguf"))) {
      GgufFile f = c.gguf().get();
      var tensors = new LinkedHashMap<>(f.tensors());
      for (int i = 0; i < 2; i++) {
        String p = "blk." + i + ".attn_";
        var parts = new java.io.ByteArrayOutputStream();
        for (String n : List.of("q", "k", "v")) {
          Tensor t = tensors.remove(p + n + ".weight");
          parts.writeBytes(t.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
        }
        var bytes = java.lang.foreign.MemorySegment.ofArray(parts.toByteArray());
        var format = f.tensor(p + "q.weight").get().format();
        tensors.put(p + "qkv.weight", new Tensor(format, new long[] {512, 256}, bytes));
      }
      GgufWriter.write(path, f.metadata().values(), tensors);
      try (var fused = Checkpoint.open(path)) {
        for (Weight w : c.weights().all()) {
          assertThat(fused.weights().get(w.name())).isEqualTo(c.weights().get(w.name()));
        }
      }
    }
  }

  private void change(String from, String to) throws IOException {
    String text = Files.readString(dir.resolve("config.json"));
    assertThat(text).contains(from);
    write("config.json", text.replace(from, to));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(dir.resolve(name), text);
  }

  private static void copy(String family, Path to) throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.write(
          to.resolve(name), Files.readAllBytes(Fixtures.path("models/" + family + "/" + name)));
    }
  }

  private static void assertBad(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
