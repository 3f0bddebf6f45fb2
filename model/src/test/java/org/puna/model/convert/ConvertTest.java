package org.puna.model.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.Checkpoint;
import org.puna.model.Fixtures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelConfig.RopeScaling;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Tensor;

class ConvertTest {
  private static final int THREADS = 2;

  /** Adding 1 to a norm's weight rounds once between 1 and 2, where floats are 2^-23 apart. */
  private static final float NORM_TOLERANCE = 0x1p-23f;

  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#families")
  void goesToGgufAndBackBitForBit(String family) {
    Path in = Fixtures.path("models/" + family);
    Path gguf = dir.resolve("m.gguf");
    Path back = dir.resolve("back");
    Convert.run(in, gguf, Optional.empty(), THREADS, Progress.NONE);
    Convert.run(gguf, back, Optional.empty(), THREADS, Progress.NONE);
    try (var a = Checkpoint.open(in);
        var g = Checkpoint.open(gguf);
        var b = Checkpoint.open(back)) {
      assertThat(g.config().architecture()).isEqualTo(a.config().architecture());
      if (!family.equals("llama3.2")) assertThat(g.config()).isEqualTo(a.config());
      assertThat(b.config()).isEqualTo(a.config());
      assertThat(b.generation()).isEqualTo(a.generation());
      Safetensors x = a.safetensors().get();
      Safetensors y = b.safetensors().get();
      assertThat(y.entries().keySet()).isEqualTo(x.entries().keySet());
      for (String name : x.entries().keySet()) {
        if (family.equals("gemma3") && name.endsWith("norm.weight")) {
          assertThat(y.tensor(name).toFloats())
              .as(name)
              .usingComparatorWithPrecision(NORM_TOLERANCE)
              .containsExactly(x.tensor(name).toFloats());
        } else {
          assertThat(y.tensor(name).equals(x.tensor(name))).as(name).isTrue();
        }
      }
    }
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("m.gguf", "back");
  }

  @Test
  void permutesQueriesAndKeysAsLlamaCppDoes() {
    Path gguf = dir.resolve("m.gguf");
    Convert.run(Fixtures.path("models/llama3"), gguf, Optional.empty(), THREADS, Progress.NONE);
    try (var a = Safetensors.open(Fixtures.path("models/llama3"));
        var g = GgufFile.open(gguf)) {
      Tensor k = a.tensor("model.layers.2.self_attn.k_proj.weight");
      Tensor permuted = g.tensor("blk.2.attn_k.weight").get();
      // Heads of 16: row 2j of a head was row j, row 2j + 1 was row j + 8.
      assertThat(permuted.rows(16, 17)).isEqualTo(k.rows(16, 17));
      assertThat(permuted.rows(17, 18)).isEqualTo(k.rows(24, 25));
      assertThat(permuted.rows(22, 23)).isEqualTo(k.rows(19, 20));
      assertThat(g.tensor("blk.2.attn_v.weight").get())
          .isEqualTo(a.tensor("model.layers.2.self_attn.v_proj.weight"));
    }
  }

  @Test
  void writesLlama3ScalingAsDivisors() {
    Path gguf = dir.resolve("m.gguf");
    Convert.run(Fixtures.path("models/llama3.2"), gguf, Optional.empty(), THREADS, Progress.NONE);
    try (var g = Checkpoint.open(gguf)) {
      var rope = g.config().layers().getFirst().rope().get();
      assertThat(rope.scaling()).isInstanceOf(RopeScaling.Divisors.class);
      var factors = ((RopeScaling.Divisors) rope.scaling()).factors();
      assertThat(factors).hasSize(16).startsWith(1.0).endsWith(32.0);
      assertThat(g.gguf().get().metadata().values())
          .containsKeys("llama.vocab_size", "general.file_type", "llama.rope.freq_base");
    }
  }

  @Test
  void choosesTypes() {
    Path gguf = dir.resolve("m.gguf");
    Report r =
        Convert.run(
            Fixtures.path("models/gemma3"), gguf, Optional.of("q8_0"), THREADS, Progress.NONE);
    try (var g = GgufFile.open(gguf)) {
      assertThat(g.metadata().u32("general.file_type")).isEqualTo(7);
      g.tensors()
          .forEach((name, t) ->
              assertThat(t.format().name()).as(name).isEqualTo(t.rank() == 1 ? "F32" : "Q8_0"));
    }
    assertThat(r.tensors())
        .anySatisfy(t -> {
          assertThat(t.to()).isEqualTo("Q8_0");
          assertThat(t.relativeError().getAsDouble()).isBetween(1e-4, 1e-2);
        });
    Report k =
        Convert.run(
            Fixtures.path("models/llama3"), gguf, Optional.of("Q4_K_M"), THREADS, Progress.NONE);
    assertThat(k.tensors().getFirst().note()).contains("not whole Q4_K blocks of 256");
    assertThatThrownBy(() ->
            Convert.run(
                Fixtures.path("models/llama3"), gguf, Optional.of("q9"), THREADS, Progress.NONE))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("found \"q9\"");
  }

  @Test
  void decodesQuantisedTensorsForFolders() {
    Path in = Fixtures.path("gguf/tiny-mixed.gguf");
    Path out = dir.resolve("hf");
    Convert.run(in, out, Optional.of("f32"), THREADS, Progress.NONE);
    try (var g = GgufFile.open(in);
        var f = Safetensors.open(out);
        var c = Checkpoint.open(out)) {
      assertThat(f.tensor("model.layers.1.mlp.up_proj.weight").toFloats())
          .isEqualTo(g.tensor("blk.1.ffn_up.weight").get().toFloats());
      float[] k = g.tensor("blk.0.attn_k.weight").get().toFloats();
      float[] unpermuted = f.tensor("model.layers.0.self_attn.k_proj.weight").toFloats();
      assertThat(unpermuted[33 * 256 + 5]).isEqualTo(k[3 * 256 + 5]);
      assertThat(c.chatTemplate().get()).startsWith("{{ bos_token }}");
      assertThat(c.generation().endIdsAscending()).containsExactly(511);
    }
    Path narrow = dir.resolve("bf16");
    Convert.run(in, narrow, Optional.empty(), THREADS, Progress.NONE);
    try (var f = Safetensors.open(narrow)) {
      assertThat(f.tensor("model.layers.1.mlp.up_proj.weight").format().name()).isEqualTo("BF16");
    }
  }

  @Test
  void splitsFoldersIntoShards() throws IOException {
    Path out = dir.resolve("sharded");
    Path in = Fixtures.path("models/mixtral");
    var seen = new ArrayList<Long>();
    try (var c = Checkpoint.open(in)) {
      Convert.toFolder(
          c, out, Optional.empty(), 300_000, 1, (done, total) -> seen.add(done * 100 / total));
    }
    assertThat(seen.getLast()).isEqualTo(100);
    try (var a = Checkpoint.open(in);
        var b = Checkpoint.open(out)) {
      assertThat(b.files().size()).isGreaterThan(2);
      for (var w : a.weights().all()) {
        assertThat(b.weights().get(w.name())).isEqualTo(a.weights().get(w.name()));
      }
    }
    assertThatThrownBy(() -> Convert.run(in, out, Optional.empty(), 1, Progress.NONE))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected a new or empty folder");
    assertThatThrownBy(
            () -> Convert.run(in, dir.resolve("q"), Optional.of("q8_0"), 1, Progress.NONE))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("name a file that ends in .gguf");
    Path nowhere = dir.resolve("a/b/c.gguf");
    assertThatThrownBy(() -> Convert.run(in, nowhere, Optional.empty(), 1, Progress.NONE))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("does not exist");
    assertThat(Files.exists(dir.resolve("q"))).isFalse();
  }

  @Test
  void whatIsReadIsNotOverwritten() throws IOException {
    Path in = Files.copy(Fixtures.path("gguf/tiny-q4_0.gguf"), dir.resolve("m.gguf"));
    byte[] before = Files.readAllBytes(in);
    Path link = Files.createSymbolicLink(dir.resolve("link.gguf"), in);
    for (Path out : new Path[] {in, link, dir.resolve("./m.gguf")}) {
      assertThatThrownBy(() -> Quantize.run(in, out, Mix.Q8_0, false, THREADS, Progress.NONE))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("is the file that is read");
      assertThatThrownBy(() -> Convert.run(in, out, Optional.of("f16"), THREADS, Progress.NONE))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("is the file that is read");
    }
    assertThat(in).hasBinaryContent(before);
  }

  @Test
  void quantizesAnyGguf() {
    Path in = Fixtures.path("gguf/tiny-q4_0.gguf");
    Path out = dir.resolve("q.gguf");
    Report r = Quantize.run(in, out, Mix.Q4_K_M, false, THREADS, Progress.NONE);
    assertThat(r.bytesAfter()).isPositive();
    try (var a = GgufFile.open(in);
        var g = GgufFile.open(out)) {
      assertThat(g.metadata().u32("general.file_type")).isEqualTo(15);
      assertThat(g.metadata().u32("general.quantization_version")).isEqualTo(2);
      assertThat(type(g, "output.weight")).isEqualTo("Q6_K");
      assertThat(type(g, "blk.0.attn_v.weight")).isEqualTo("Q4_K");
      assertThat(type(g, "blk.1.attn_v.weight")).isEqualTo("Q6_K");
      assertThat(type(g, "blk.1.ffn_norm.weight")).isEqualTo("F32");
      float[] x = a.tensor("blk.0.ffn_gate.weight").get().toFloats();
      float[] y = g.tensor("blk.0.ffn_gate.weight").get().toFloats();
      double error = 0;
      double square = 0;
      for (int i = 0; i < x.length; i++) {
        error += Math.pow(x[i] - y[i], 2);
        square += Math.pow(x[i], 2);
      }
      double relative =
          r.tensors().stream()
              .filter(t -> t.name().equals("blk.0.ffn_gate.weight"))
              .findFirst()
              .get()
              .relativeError()
              .getAsDouble();
      assertThat(relative).isCloseTo(Math.sqrt(error / square), within(1e-9)).isLessThan(0.1);
    }
    Path folder = Fixtures.path("models/llama3");
    Path other = dir.resolve("without-an-ending");
    // Rows of 64 numbers have no blocks of 256: Q6_K becomes Q8_0, Q4_K becomes Q5_0.
    for (boolean all : new boolean[] {false, true}) {
      Quantize.run(folder, other, Mix.Q4_K_M, all, THREADS, Progress.NONE);
      try (var g = GgufFile.open(other)) {
        assertThat(type(g, "output.weight")).isEqualTo(all ? "Q5_0" : "Q8_0");
        assertThat(g.metadata().string("general.name")).isEqualTo("llama3");
      }
    }
    Report pure = Quantize.run(in, out, Mix.Q8_0, true, THREADS, Progress.NONE);
    assertThat(pure.tensors()).noneMatch(t -> t.to().equals("Q4_0"));
    try (var c = Checkpoint.open(out)) {
      assertThat(c.weights().get("output.weight").tensor().format().name()).isEqualTo("Q8_0");
    }
  }

  @Test
  void keepsWindowsAndChunksThatLlamaCppDrops() {
    Path gguf = dir.resolve("m.gguf");
    Convert.run(Fixtures.path("models/llama4"), gguf, Optional.empty(), THREADS, Progress.NONE);
    try (var g = GgufFile.open(gguf)) {
      assertThat(g.metadata().u32("llama4.attention.sliding_window")).isEqualTo(8);
      assertThat(g.metadata().values().get("llama4.attention.temperature_length"))
          .extracting(GgufValue::integer)
          .isEqualTo(8L);
      assertThat(g.tensor("blk.1.ffn_gate_exps.weight").get().shape()).containsExactly(4, 48, 64);
    }
    try (var c = Checkpoint.open(gguf)) {
      assertThat(c.config().layers().getFirst().span()).isEqualTo(new ModelConfig.Span.Chunked(8));
    }
  }

  private static String type(GgufFile g, String name) {
    return g.tensor(name).get().format().name();
  }
}
