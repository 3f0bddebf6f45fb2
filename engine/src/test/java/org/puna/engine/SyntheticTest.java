package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelShapes;
import org.puna.model.convert.Mix;
import org.puna.model.convert.Synthetic;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;

class SyntheticTest {
  private static final String SHAPE =
      "layers=2,hidden=256,heads=4,kv_heads=2,ffn=512,vocab=600,context=128";

  @ParameterizedTest
  @ValueSource(strings = {"q8_0", "q4_0", "q4_k_m", "bf16", "f32"})
  void aWrittenFileIsTheModelInMemory(String type, @TempDir Path dir) {
    try (Synthetic s = new Synthetic(ModelShapes.parse(SHAPE), Mix.named(type), 3);
        Backend b = Backends.open("auto", 2)) {
      Path file = dir.resolve("s.gguf");
      s.write(file);
      try (Checkpoint c = Checkpoint.open(file)) {
        assertThat(c.weights().all()).hasSameSizeAs(s.weights().all());
        c.weights()
            .all()
            .forEach(w ->
                assertThat(c.weights().get(w.name()).tensor())
                    .isEqualTo(s.weights().get(w.name()).tensor()));
        assertThat(c.tokenizer().vocabSize()).isEqualTo(600);
        try (Evaluator e =
            new Evaluator(b, c.architecture().forward(c.config(), c.weights(), 64), 64, 32)) {
          List<Integer> positions = new ArrayList<>();
          e.feed(
              new int[] {1, 2, 3},
              (p, logits) -> {
                positions.add(p);
                for (float x : logits) assertThat(x).isFinite();
              });
          assertThat(positions).containsExactly(0, 1, 2);
        }
      }
    }
  }

  @Test
  void speedIsMeasuredAsOftenAsAsked() {
    try (Synthetic s = new Synthetic(ModelShapes.parse(SHAPE), Mix.named("q8_0"), 3);
        Backend b = Backends.open("auto", 2);
        Evaluator e =
            new Evaluator(b, s.architecture().forward(s.config(), s.weights(), 64), 64, 32)) {
      SpeedTest t = new SpeedTest(e);
      List<Integer> done = new ArrayList<>();
      SpeedTest.Rates pp = t.prefill(40, 3, done::add);
      assertThat(pp.tokensPerSecond()).hasSize(3);
      for (double r : pp.tokensPerSecond()) assertThat(r).isPositive();
      assertThat(done).containsExactly(1, 2, 3, 4);
      assertThat(t.decode(5, 1, i -> {}).deviation()).isZero();
      assertThat(new SpeedTest.Rates(new double[] {1, 2, 6}).median()).isEqualTo(2);
      assertThat(new SpeedTest.Rates(new double[] {1, 2, 6}).mean()).isEqualTo(3);
      assertThat(new SpeedTest.Rates(new double[] {1, 3}).deviation()).isEqualTo(Math.sqrt(2));
    }
  }

  @Test
  void aShapeThatOnlyHasFormulasIsRefused() {
    assertThatThrownBy(
            () -> new Synthetic(ModelShapes.parse("gpt-1.7b"), Mix.named("q8_0"), 1).close())
        .isInstanceOf(BadInput.class);
  }
}
