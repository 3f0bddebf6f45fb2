package org.puna.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;
import org.puna.model.config.ModelSize;

class HfShapeTest {
  /** Norms, small biases and the last digits of printed sizes. */
  private static final double PRINTED = 0.02;

  private static HfConfig config(String json) {
    return HfConfig.parse("config.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Billions of parameters, and of those that a token passes, as the model cards print them; tied
   * embeddings count once (Falcon-7B's card: twice), looked up ones too (gpt-oss' 3.6 active: not).
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          1.557 | 1.557 | `{'model_type':'gpt2','n_embd':1600,'n_layer':48,'n_head':25,'n_positions':1024,'vocab_size':50257}`
          6.658 | 6.658 | `{'model_type':'opt','hidden_size':4096,'num_hidden_layers':32,'num_attention_heads':32,'ffn_dim':16384,'vocab_size':50272,'max_position_embeddings':2048}`
          6.857 | 6.857 | `{'model_type':'gpt_neox','hidden_size':4096,'num_hidden_layers':32,'num_attention_heads':32,'intermediate_size':16384,'vocab_size':50432,'tie_word_embeddings':false}`
          6.92  | 6.92  | `{'model_type':'falcon','hidden_size':4544,'num_hidden_layers':32,'num_attention_heads':71,'multi_query':true,'vocab_size':65024}`
          41.3  | 41.3  | `{'model_type':'falcon','hidden_size':8192,'num_hidden_layers':60,'num_attention_heads':128,'num_kv_heads':8,'new_decoder_architecture':true,'vocab_size':65024}`
          6.65  | 6.65  | `{'model_type':'mpt','d_model':4096,'n_layers':32,'n_heads':32,'expansion_ratio':4,'max_seq_len':2048,'vocab_size':50432}`
          132   | 36    | `{'model_type':'dbrx','d_model':6144,'n_layers':40,'n_heads':48,'attn_config':{'kv_n_heads':8},'ffn_config':{'ffn_hidden_size':10752,'moe_num_experts':16,'moe_top_k':4},'vocab_size':100352}`
          671   | 37.5  | `{'model_type':'deepseek_v3','hidden_size':7168,'intermediate_size':18432,'moe_intermediate_size':2048,'num_hidden_layers':61,'num_attention_heads':128,'num_key_value_heads':128,'n_routed_experts':256,'n_shared_experts':1,'num_experts_per_tok':8,'first_k_dense_replace':3,'kv_lora_rank':512,'q_lora_rank':1536,'qk_nope_head_dim':128,'qk_rope_head_dim':64,'v_head_dim':128,'vocab_size':129280}`
          20.9  | 4.18  | `{'model_type':'gpt_oss','hidden_size':2880,'intermediate_size':2880,'num_hidden_layers':24,'num_attention_heads':64,'num_key_value_heads':8,'head_dim':64,'num_local_experts':32,'num_experts_per_tok':4,'vocab_size':201088}`
          30.5  | 3.35  | `{'model_type':'qwen3_moe','hidden_size':2048,'intermediate_size':6144,'moe_intermediate_size':768,'num_hidden_layers':48,'num_attention_heads':32,'num_key_value_heads':4,'head_dim':128,'num_experts':128,'num_experts_per_tok':8,'vocab_size':151936}`
          6.244 | 6.244 | `{'model_type':'chatglm','hidden_size':4096,'num_layers':28,'num_attention_heads':32,'multi_query_attention':true,'multi_query_group_num':2,'ffn_hidden_size':13696,'padded_vocab_size':65024,'seq_length':8192}`
          9.24  | 9.24  | `{'model_type':'gemma2','hidden_size':3584,'intermediate_size':14336,'num_hidden_layers':42,'num_attention_heads':16,'num_key_value_heads':8,'head_dim':256,'vocab_size':256000}`
          """)
  void sizesAreThosePrinted(double all, double active, String json) {
    ModelConfig m = ModelShapes.parse(HfShape.of(config(json)));
    assertThat(ModelSize.parameters(m).total() / 1e9).isCloseTo(all, within(all * PRINTED));
    assertThat(ModelSize.activeParameters(m).total() / 1e9)
        .isCloseTo(active, within(active * PRINTED));
  }

  /** Gigabytes of the cache of a sequence in 16 bits, counted by hand from layers and windows. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          0.3067 | 8192 | `{'model_type':'gpt_oss','hidden_size':2880,'intermediate_size':2880,'num_hidden_layers':36,'num_attention_heads':64,'num_key_value_heads':8,'head_dim':64,'sliding_window':128,'vocab_size':201088}`
          0.0336 | 8192 | `{'model_type':'x','hidden_size':2880,'intermediate_size':2880,'num_hidden_layers':3,'num_attention_heads':64,'num_key_value_heads':8,'head_dim':64,'sliding_window':4096,'layer_types':['sliding_attention','sliding_attention','full_attention'],'vocab_size':100}`
          2.3153 | 8192 | `{'model_type':'gemma2','hidden_size':4608,'intermediate_size':36864,'num_hidden_layers':46,'num_attention_heads':32,'num_key_value_heads':16,'head_dim':128,'sliding_window':4096,'vocab_size':256000}`
          0.6040 | 8192 | `{'model_type':'qwen2_moe','hidden_size':2880,'intermediate_size':2880,'num_hidden_layers':36,'num_attention_heads':64,'num_key_value_heads':8,'head_dim':64,'sliding_window':128,'vocab_size':100}`
          0.0094 | 8192 | `{'model_type':'starcoder2','hidden_size':2880,'intermediate_size':2880,'num_hidden_layers':36,'num_attention_heads':64,'num_key_value_heads':8,'head_dim':64,'sliding_window':128,'vocab_size':100}`
          """)
  void windowsShortenTheCache(double gigabytes, int tokens, String json) {
    ModelConfig m = ModelShapes.parse(HfShape.of(config(json)));
    assertThat(ModelSize.kvBytes(m, tokens, 2) / 1e9)
        .isCloseTo(gigabytes, within(0.002 * gigabytes + 1e-4));
  }

  /** DeepSeek-V3's attention by hand, of its file and of its name. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          `{'model_type':'deepseek_v3','hidden_size':7168,'intermediate_size':18432,'moe_intermediate_size':2048,'num_hidden_layers':61,'num_attention_heads':128,'num_key_value_heads':128,'n_routed_experts':256,'n_shared_experts':1,'num_experts_per_tok':8,'first_k_dense_replace':3,'kv_lora_rank':512,'q_lora_rank':1536,'qk_nope_head_dim':128,'qk_rope_head_dim':64,'v_head_dim':128,'vocab_size':129280}`
          deepseek-v3
          """)
  void latentAttentionIsCountedByItsOwnSizes(String text) {
    ModelConfig m =
        ModelShapes.parse(text.startsWith("{") ? HfShape.of(config(text)) : text.strip());
    ModelSize.Flops f = ModelSize.forwardFlops(m, 8192, ModelSize.AttentionCount.CAUSAL);
    assertThat(f.attention()).isCloseTo(61.0 * 128 * (192 + 128) * 8193, within(1.0));
    assertThat(ModelSize.kvBytes(m, 1000, 2)).isEqualTo(61 * 576 * 2000.0);
    assertThat(ModelSize.decodeAttentionFlops(m, 4096))
        .isCloseTo(61.0 * 4096 * 2 * 128 * (512 + 64 + 512), within(1.0));
    assertThat(ModelSize.attentionParameters(m))
        .isEqualTo(
            1536L * (7168 + 128 * 192) + 7168 * 576 + 512 * 128 * (128 + 128) + 128 * 128 * 7168);
    assertThat(ModelSize.parameters(m).total() / 1e9).isCloseTo(671.03, within(0.01));
    assertThat(ModelSize.activeParameters(m).total() / 1e9).isCloseTo(37.55, within(0.01));
    assertThat(m.attention().splitHeads()).isEqualTo(128);
  }

  @Test
  void theTextModelOfAMultiModalOneCounts() {
    String text =
        "{'hidden_size':64,'num_hidden_layers':2,'num_attention_heads':4,"
            + "'intermediate_size':128,'vocab_size':100}";
    String shape = HfShape.of(config("{'model_type':'x','text_config':" + text + "}"));
    assertThat(shape).startsWith("layers=2,hidden=64,heads=4,kv_heads=4,ffn=128,gated=true");
  }

  @Test
  void whatHasNoSuchShapeIsRefused() {
    assertThatThrownBy(() -> HfShape.of(config("{'model_type':'t5','is_encoder_decoder':true}")))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("config.json: an encoder with a decoder");
    assertThatThrownBy(() -> HfShape.of(config("{'model_type':'jamba','mamba_d_state':16}")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("JSON key mamba_d_state: layers of this kind");
    assertThatThrownBy(() -> HfShape.of(config("{'model_type':'x','hidden_size':64}")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected the number of layers in one of the JSON keys num_hidden");
    assertThatThrownBy(() -> HfShape.of(config("{'hidden_size':-1}")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("JSON key hidden_size: expected 1 to");
  }
}
