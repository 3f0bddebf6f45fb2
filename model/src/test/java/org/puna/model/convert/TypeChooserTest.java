package org.puna.model.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.tensor.quant.BlockFormats;

/** Counts of types in published files, as llama.cpp prints them when it loads one. */
class TypeChooserTest {
  private static final long[] SQUARE = {4096, 4096};

  @ParameterizedTest
  @CsvSource({
    "Q4_K_M, Q4_K=193 Q6_K=33",
    "Q5_K_M, Q5_K=193 Q6_K=33",
    "Q4_K_S, Q4_K=217 Q5_K=8 Q6_K=1",
    "Q3_K_M, Q3_K=129 Q4_K=92 Q5_K=4 Q6_K=1",
    "Q4_0, Q4_0=225 Q6_K=1",
    "Q8_0, Q8_0=226",
    "Q6_K, Q6_K=226",
  })
  void chooseAsInPublishedFilesOfLlama2With7B(String mix, String expected) {
    var model = new TypeChooser.Model("llama", 32, 1, 0, false);
    assertThat(counts(Mix.named(mix), model)).isEqualTo(expected);
  }

  @Test
  void choosesAsInPublishedFilesOfLlama3With8B() {
    var model = new TypeChooser.Model("llama", 32, 4, 0, false);
    assertThat(counts(Mix.Q2_K, model)).isEqualTo("Q2_K=129 Q3_K=64 Q4_K=32 Q6_K=1");
    assertThat(counts(Mix.Q4_K_M, model)).isEqualTo("Q4_K=193 Q6_K=33");
  }

  @Test
  void fallsBackToWhatFits() {
    assertThat(TypeChooser.fallback(BlockFormats.Q4_K, 256)).isSameAs(BlockFormats.Q4_K);
    assertThat(TypeChooser.fallback(BlockFormats.Q4_K, 96)).isSameAs(BlockFormats.Q5_0);
    assertThat(TypeChooser.fallback(BlockFormats.Q6_K, 96)).isSameAs(BlockFormats.Q8_0);
    assertThat(TypeChooser.fallback(BlockFormats.Q6_K, 100)).isSameAs(BlockFormats.F16);
    assertThat(TypeChooser.fallback(BlockFormats.Q4_0, 100)).isSameAs(BlockFormats.F16);
  }

  @Test
  void quantisesTiedEmbeddingsAsTheOutput() {
    var model = new TypeChooser.Model("llama", 16, 4, 0, true);
    var chooser = new TypeChooser(Mix.Q4_0, model, false);
    assertThat(chooser.choose("token_embd.weight", SQUARE).format()).isSameAs(BlockFormats.Q6_K);
    assertThat(new TypeChooser(Mix.Q4_0, model, true).choose("token_embd.weight", SQUARE).format())
        .isSameAs(BlockFormats.Q4_0);
    assertThat(TypeChooser.quantises("blk.0.ffn_gate_inp.weight", 2)).isFalse();
    assertThat(TypeChooser.quantises("blk.0.attn_norm.weight", 1)).isFalse();
  }

  private static String counts(Mix mix, TypeChooser.Model model) {
    var chooser = new TypeChooser(mix, model, false);
    Map<String, Integer> counts = new TreeMap<>();
    count(counts, chooser, "token_embd.weight");
    count(counts, chooser, "output.weight");
    for (int i = 0; i < model.layers(); i++) {
      for (String n :
          new String[] {
            "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"
          }) {
        count(counts, chooser, "blk." + i + "." + n + ".weight");
      }
    }
    var out = new StringBuilder();
    counts.forEach((k, v) -> out.append(out.isEmpty() ? "" : " ").append(k).append('=').append(v));
    return out.toString();
  }

  private static void count(Map<String, Integer> counts, TypeChooser chooser, String name) {
    counts.merge(chooser.choose(name, SQUARE).format().name(), 1, Integer::sum);
  }
}
