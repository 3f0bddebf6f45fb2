package org.puna.model.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.Checkpoint;
import org.puna.model.Fixtures;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Batch;
import org.puna.tensor.backends.Backends;

/** A converted model computes what the reference computed from the original. */
class ConvertedLogitsTest {
  /** Float32 sums in another order, over three to seven layers, at a logit deviation of 1. */
  private static final float TOLERANCE = 1e-4f;

  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#decoders")
  void ggufComputesWhatTheFolderDid(String family) {
    Path gguf = dir.resolve("m.gguf");
    Convert.run(Fixtures.path("models/" + family), gguf, Optional.empty(), 2, Progress.NONE);
    try (var expected =
        Safetensors.open(Fixtures.path("models/" + family + "/expected.safetensors"))) {
      int length = (int) expected.tensor("input_ids").dim(1);
      float[] ids = expected.tensor("input_ids").toFloats();
      int[] first = new int[length];
      for (int i = 0; i < length; i++) first[i] = (int) ids[i];
      float[] want = expected.tensor("logits").toFloats();
      float[] logits = logits(gguf, first);
      float worst = 0;
      for (int i = 0; i < logits.length; i++) {
        worst = Math.max(worst, Math.abs(logits[i] - want[i]));
      }
      assertThat(worst).isLessThan(TOLERANCE);
    }
  }

  @Test
  void folderComputesWhatTheGgufDid() {
    Path in = Fixtures.path("gguf/tiny-mixed.gguf");
    Path out = dir.resolve("hf");
    Convert.run(in, out, Optional.of("f32"), 2, Progress.NONE);
    int[] ids = {507, 3, 77, 260, 12, 400, 5, 5, 9};
    float[] a = logits(in, ids);
    float[] b = logits(out, ids);
    for (int i = 0; i < a.length; i++) {
      assertThat(b[i]).isCloseTo(a[i], org.assertj.core.api.Assertions.within(TOLERANCE));
    }
    try (var x = Checkpoint.open(in);
        var y = Checkpoint.open(out)) {
      String text = "The quick brown fox, 12 of them<|eot_id|>";
      assertThat(y.tokenizer().encode(text, true)).isEqualTo(x.tokenizer().encode(text, true));
      assertThat(y.tokenizer().bos()).isEqualTo(x.tokenizer().bos());
      assertThat(y.tokenizer().eos()).isEqualTo(x.tokenizer().eos());
      Path again = dir.resolve("again.gguf");
      Convert.toGguf(y, again, Optional.empty(), y.name(), 1, Progress.NONE);
      try (var z = Checkpoint.open(again)) {
        assertThat(z.tokenizer().encode(text, true)).isEqualTo(x.tokenizer().encode(text, true));
        assertThat(z.chatTemplate()).isEqualTo(x.chatTemplate());
      }
    }
  }

  private static float[] logits(Path path, int[] ids) {
    try (var c = Checkpoint.open(path);
        var backend = Backends.open("cpu.scalar", 1)) {
      var graph = c.architecture().forward(c.config(), c.weights(), ids.length);
      int vocab = graph.output().cols();
      float[] out = new float[ids.length * vocab];
      try (var program = backend.compile(graph, ids.length, ids.length);
          var cache = backend.cache(graph, 1, 64)) {
        var batch = new Batch(ids.length, ids.length);
        batch.clear();
        batch.add(ids, 0, ids.length, 0, new int[] {0}, ids.length);
        program.run(batch, cache);
        for (int i = 0; i < ids.length; i++) program.read(i, out, i * vocab);
      }
      return out;
    }
  }
}
