package org.puna.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufValue;
import org.puna.model.gguf.GgufWriter;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;

class GgufShapeTest {
  @TempDir Path dir;

  private static Tensor zeros(long... shape) {
    long n = 1;
    for (long s : shape) n *= s;
    byte[] bytes = new byte[(int) BlockFormats.F32.bytes(n)];
    return new Tensor(BlockFormats.F32, shape, MemorySegment.ofArray(bytes));
  }

  private String shape(String name, Map<String, Integer> sizes, Map<String, Tensor> tensors) {
    Map<String, GgufValue> m = new LinkedHashMap<>();
    m.put("general.architecture", GgufValue.of(name));
    sizes.forEach((k, v) -> m.put(name + "." + k, GgufValue.u32(v)));
    Path path = dir.resolve(name + ".gguf");
    GgufWriter.write(path, m, tensors);
    try (GgufFile f = GgufFile.open(path)) {
      return GgufShape.of(f);
    }
  }

  @Test
  void ungatedTiedAndWithExperts() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("block_count", 2);
    sizes.put("embedding_length", 64);
    sizes.put("feed_forward_length", 256);
    sizes.put("attention.head_count", 4);
    sizes.put("context_length", 128);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("token_embd.weight", zeros(10, 64));
    assertThat(shape("gpt2", sizes, tensors))
        .isEqualTo(
            "arch=gpt,layers=2,hidden=64,heads=4,kv_heads=4,qkv_bias=false,ffn=256,gated=false,"
                + "vocab=10,context=128,tied=true");
    tensors.put("output.weight", zeros(10, 64));
    tensors.put("blk.1.ffn_gate_exps.weight", zeros(1, 32, 64));
    sizes.put("expert_count", 8);
    sizes.put("expert_used_count", 2);
    sizes.put("expert_feed_forward_length", 32);
    sizes.put("expert_shared_count", 1);
    sizes.put("leading_dense_block_count", 1);
    ModelConfig m = ModelShapes.parse(shape("dots1", sizes, tensors));
    assertThat(m.ffn().gated()).isTrue();
    assertThat(m.moe().orElseThrow().nExperts()).isEqualTo(8);
    assertThat(m.layers().stream().filter(ModelConfig.Layer::experts)).hasSize(1);
    assertThat(m.tiedEmbeddings()).isFalse();
  }

  /** DeepSeek-V3's sizes by either file say the same. */
  @Test
  void latentAttentionIsThatOfTheConfig() {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    sizes.put("block_count", 61);
    sizes.put("embedding_length", 7168);
    sizes.put("feed_forward_length", 18_432);
    sizes.put("attention.head_count", 128);
    sizes.put("attention.kv_lora_rank", 512);
    sizes.put("attention.q_lora_rank", 1536);
    sizes.put("attention.key_length", 192);
    sizes.put("attention.value_length", 128);
    sizes.put("rope.dimension_count", 64);
    sizes.put("context_length", 4096);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("token_embd.weight", zeros(10, 64));
    String shape = shape("deepseek2", sizes, tensors);
    assertThat(shape).contains("heads=100,kv_heads=2,head_dim=128");
    ModelConfig m = ModelShapes.parse(shape);
    double attention = ModelSize.parameters(m).attention() / 61.0;
    // q: 7168·1536 + 1536·128·192; k, v: 7168·576 + 512·128·256; out: 128·128·7168.
    assertThat(attention).isBetween(0.98 * 187_105_280, 1.02 * 187_105_280);
  }

  @Test
  void whatHasNoSuchShapeIsRefused() {
    Map<String, Tensor> tensors = Map.of("token_embd.weight", zeros(10, 64));
    assertThatThrownBy(() -> shape("mamba", Map.of("ssm.state_size", 16), tensors))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("mamba.ssm.state_size: layers of this kind");
    assertThatThrownBy(() -> shape("gpt2", Map.of("block_count", 2), tensors))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("metadata key gpt2.embedding_length is missing");
  }
}
