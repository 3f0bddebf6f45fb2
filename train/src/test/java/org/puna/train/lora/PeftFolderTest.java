package org.puna.train.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Safetensors;

class PeftFolderTest {
  @TempDir private Path dir = Path.of("");

  private static Path fixture(String name) {
    return Fixtures.path("training/" + name);
  }

  private static long[] shape(Checkpoint base, String name) {
    return base.weights().get(name).tensor().shape();
  }

  @Test
  void whatPeftWroteComesBackAsItWas() throws URISyntaxException {
    Path from = fixture("lora_final");
    try (Checkpoint base = Checkpoint.open(fixture("init"))) {
      var peft = new PeftFolder(base.architecture(), base.config(), false);
      Adapters a = peft.read(from, n -> shape(base, n));
      assertThat(a.all()).hasSize(4);
      assertThat(a.all().getFirst().scale()).isEqualTo(2);
      peft.write(dir, a, "base");
    }
    try (Safetensors x = Safetensors.open(from.resolve("adapter_model.safetensors"));
        Safetensors y = Safetensors.open(dir.resolve("adapter_model.safetensors"))) {
      assertThat(y.entries().keySet()).isEqualTo(x.entries().keySet());
      for (String name : x.entries().keySet()) {
        assertThat(y.tensor(name).toFloats()).isEqualTo(x.tensor(name).toFloats());
      }
    }
  }

  @Test
  void queriesOfNeighbouringPairsAreTurned() throws URISyntaxException {
    try (Checkpoint base = Checkpoint.open(fixture("init"))) {
      var turned = new PeftFolder(base.architecture(), base.config(), true);
      var plain = new PeftFolder(base.architecture(), base.config(), false);
      Adapters a = turned.read(fixture("lora_final"), n -> shape(base, n));
      Adapters b = plain.read(fixture("lora_final"), n -> shape(base, n));
      assertThat(a.all().getFirst().b().value()).isNotEqualTo(b.all().getFirst().b().value());
      turned.write(dir, a, "base");
      Adapters back = plain.read(dir, n -> shape(base, n));
      for (int i = 0; i < 4; i++) {
        assertThat(back.all().get(i).b().value()).isEqualTo(b.all().get(i).b().value());
      }
    }
  }

  @Test
  void adaptersOfAnotherModelAreRefused() throws URISyntaxException, IOException {
    try (Checkpoint base = Checkpoint.open(fixture("init"))) {
      var peft = new PeftFolder(base.architecture(), base.config(), false);
      assertThatThrownBy(() -> peft.read(fixture("lora_final"), _ -> new long[] {7, 7}))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("another model");
      Files.writeString(dir.resolve("adapter_config.json"), "{\"peft_type\":\"IA3\"}");
      assertThatThrownBy(() -> peft.read(dir, n -> shape(base, n)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("LoRA");
    }
  }
}
