package org.puna.train.tape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Param;
import org.puna.tensor.RopeTable;
import org.puna.tensor.Value;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;

/**
 * Every operation's gradients, at odd shapes, with repeated tokens and sequences of all lengths.
 */
class TapeTest {
  private static final Rows ROWS =
      new Rows(
          new int[] {0, 3, 1, 4, 4, 2, 0, 5, 6, 1, 3},
          new int[] {0, 1, 6, 11},
          new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});

  private static final int VOCAB = 7;

  private final Differences d = new Differences();
  private final Graph.Builder g = new Graph.Builder();

  private Value input(String name, int cols) {
    return g.embed(d.weight(name, VOCAB, cols));
  }

  private void check(Value y) {
    d.check(g.build(y), ROWS);
  }

  @Test
  void embed() {
    check(input("x", 5));
  }

  @ParameterizedTest
  @EnumSource
  void embedByNumbersOfAToken(Op.Index index) {
    Rows rows =
        new Rows(
            ROWS.ids(), ROWS.bounds(), ROWS.outputs(), new int[] {0, 1, 1, 0, 0, 2, 2, 2, 0, 1, 1});
    d.check(g.build(g.embed(d.weight("x", VOCAB, 5), index)), rows);
  }

  @Test
  void linearWithAndWithoutBias() {
    Value x = g.linear(input("x", 7), d.weight("a", 13, 7), Optional.of(d.weight("bias", 13)));
    check(g.linear(x, d.weight("b", 3, 13)));
  }

  @Test
  void linearOverFrozenWeights() {
    check(g.linear(input("x", 7), d.frozen("w", 5, 7), Optional.of(d.frozen("bias", 5))));
  }

  @Test
  void linearOverAFrozenInput() {
    check(g.linear(g.embed(d.frozen("x", VOCAB, 7)), d.weight("w", 5, 7)));
  }

  @ParameterizedTest
  @CsvSource({"15, true", "15, false", "5, true", "3, false", "1, true"})
  void rmsNorm(int group, boolean weighted) {
    Optional<Param> w = weighted ? Optional.of(d.weight("w", group)) : Optional.empty();
    check(g.rmsNorm(input("x", 15), group, w, 1e-2));
  }

  @ParameterizedTest
  @CsvSource({"1", "3", "15"})
  void layerNorm(int cols) {
    Value y = g.layerNorm(input("x", cols), d.weight("w", cols), d.weight("b", cols), 1e-1);
    check(g.linear(y, d.weight("after", 4, cols)));
  }

  @Test
  void layerNormOfFrozenParts() {
    Value x = g.layerNorm(g.embed(d.frozen("x", VOCAB, 6)), d.weight("w", 6), d.frozen("b", 6), 1);
    check(g.layerNorm(x, d.frozen("v", 6), d.weight("c", 6), 1));
  }

  @Test
  void addWithTermsThatAreUsedAgain() {
    Value x = input("x", 9);
    Value a = g.add(x, g.scale(x, 0.5));
    Value b = g.add(a, a);
    check(g.add(g.add(b, x), g.linear(a, d.weight("w", 9, 9))));
  }

  @Test
  void scale() {
    check(g.scale(input("x", 6), -1.7));
  }

  @Test
  void softcap() {
    check(g.softcap(input("x", 6), 1.3));
  }

  @ParameterizedTest
  @EnumSource
  void gate(Op.Activation activation) {
    Value gate = input("gate", 11);
    Value up = input("up", 11);
    check(g.linear(g.gate(gate, up, activation), d.weight("w", 3, 11)));
  }

  @ParameterizedTest
  @EnumSource
  void activate(Op.Activation activation) {
    Value x = input("x", 11);
    check(g.add(g.linear(g.activate(x, activation), d.weight("w", 11, 11)), x));
  }

  @Test
  void gateOfOneInput() {
    Value x = input("x", 11);
    check(g.gate(x, x, Op.Activation.SILU));
  }

  @ParameterizedTest
  @CsvSource({"true, 3", "false, 3", "true, 2", "false, 1"})
  void rope(boolean interleaved, int pairs) {
    float[] f = {1f, 0.31f, 0.05f};
    RopeTable table = new RopeTable(java.util.Arrays.copyOf(f, pairs), 1.2f);
    check(g.rope(input("x", 21), 7, table, interleaved));
  }

  @Test
  void positionScale() {
    check(g.positionScale(input("x", 6), 2, 0.3));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 3, 0, 0, 0",
    "4, 2, 5, 0, 0, 0",
    "6, 2, 4, 0, 0, 0.7",
    "3, 3, 2, 2, 0, 0",
    "4, 1, 3, 0, 3, 0",
    "2, 1, 3, 2, 3, 0.4"
  })
  void attention(int heads, int kvHeads, int headDim, int window, int chunk, float softcap) {
    AttentionShape shape =
        new AttentionShape(heads, kvHeads, headDim, 0.6f, window, chunk, softcap);
    Value q = input("q", shape.qCols());
    Value k = input("k", shape.kvCols());
    Value v = input("v", shape.kvCols());
    check(g.attention(q, k, v, shape));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 3, 0", "4, 2, 5, 0", "6, 3, 4, 0.7"})
  void attentionToLaterPositions(int heads, int kvHeads, int headDim, float softcap) {
    AttentionShape shape = new AttentionShape(heads, kvHeads, headDim, 0.6f, 0, 0, softcap, false);
    Value q = input("q", shape.qCols());
    Value k = input("k", shape.kvCols());
    check(g.attention(q, k, input("v", shape.kvCols()), shape));
  }

  @Test
  void attentionOfAValueWithItself() {
    AttentionShape shape = new AttentionShape(2, 2, 3, 0.6f, 0, 0, 0);
    Value x = input("x", 6);
    check(g.add(x, g.attention(x, x, x, shape)));
  }

  @Test
  void attentionToFrozenKeys() {
    AttentionShape shape = new AttentionShape(4, 2, 3, 0.6f, 0, 0, 0);
    Value k = g.embed(d.frozen("k", VOCAB, 6));
    check(g.attention(input("q", 12), k, k, shape));
  }

  @ParameterizedTest
  @EnumSource
  void experts(Op.Routing routing) {
    boolean weighInput = routing == Op.Routing.SIGMOID;
    int experts = 5;
    Value x = input("x", 6);
    Value scores = g.embed(d.weight("scores", VOCAB, experts));
    // Scores so far apart that a small step never changes which experts are chosen.
    float[] s = d.numbers("scores");
    for (int i = 0; i < s.length; i++) s[i] = (i * 7 + i / experts * 3) % experts * 0.4f - 0.5f;
    Value route = g.route(scores, 2, routing);
    Value in = g.dispatch(x, route, weighInput);
    Value gate = g.expertLinear(in, route, d.weight("gate", experts, 4, 6));
    Value up = g.expertLinear(in, route, d.weight("up", experts, 4, 6));
    Value h = g.gate(gate, up, Op.Activation.SILU);
    Value y = g.expertLinear(h, route, d.weight("down", experts, 6, 4));
    check(g.add(x, g.combine(y, route, !weighInput)));
  }

  @Test
  void outputsOfSomeRows() {
    Value x = g.rmsNorm(g.outputs(input("x", 5)), d.weight("w", 5), 1e-2);
    Rows some = new Rows(ROWS.ids(), ROWS.bounds(), new int[] {0, 4, 5, 9});
    d.check(g.build(x), some);
  }

  @Test
  void twoDecoderLayers() {
    Value x = g.embed(d.weight("embd", VOCAB, 8));
    for (int layer = 0; layer < 2; layer++) x = layer(x, "blk." + layer);
    // Weights of size 1 would bend the result more than a difference can follow.
    for (Param p : g.build(x).params()) {
      if (p.tensor().rank() == 2 && !p.name().equals("embd")) {
        float[] w = d.numbers(p.name());
        for (int i = 0; i < w.length; i++) w[i] *= 0.3f;
      }
    }
    check(g.rmsNorm(g.outputs(x), d.weight("norm", 8), 1e-2));
  }

  @Test
  void anEncoderLayer() {
    Value x = g.embed(d.weight("token", VOCAB, 8));
    x = g.add(x, g.embed(d.weight("position", 5, 8), Op.Index.POSITION));
    x = g.layerNorm(x, d.weight("norm", 8), d.weight("norm.bias", 8), 1e-1);
    Value q = g.linear(x, d.weight("q", 8, 8));
    Value k = g.linear(x, d.weight("k", 8, 8));
    AttentionShape shape = new AttentionShape(2, 2, 4, 0.6f, 0, 0, 0, false);
    Value y =
        g.linear(
            g.attention(
                q, k, g.linear(x, d.weight("v", 8, 8), Optional.of(d.weight("v.bias", 8))), shape),
            d.weight("o", 8, 8));
    x = g.layerNorm(g.add(x, y), d.weight("norm1", 8), d.weight("norm1.bias", 8), 1e-1);
    Value h = g.activate(g.linear(x, d.weight("up", 11, 8)), Op.Activation.GELU);
    x = g.add(x, g.linear(h, d.weight("down", 8, 11)));
    x = g.layerNorm(x, d.weight("norm2", 8), d.weight("norm2.bias", 8), 1e-1);
    for (String w : new String[] {"q", "k", "v", "o", "up", "down"}) {
      float[] numbers = d.numbers(w);
      for (int i = 0; i < numbers.length; i++) numbers[i] *= 0.3f;
    }
    check(x);
  }

  private Value layer(Value x, String name) {
    RopeTable table = new RopeTable(new float[] {1f, 0.1f}, 1);
    Value n = g.rmsNorm(x, d.weight(name + ".norm1", 8), 1e-2);
    Value q = g.rope(g.linear(n, d.weight(name + ".q", 8, 8)), 4, table, false);
    Value k = g.rope(g.linear(n, d.weight(name + ".k", 4, 8)), 4, table, false);
    Value v = g.linear(n, d.weight(name + ".v", 4, 8));
    Value y = g.attention(q, k, v, new AttentionShape(2, 1, 4, 0.1f, 0, 0, 0));
    x = g.add(x, g.linear(y, d.weight(name + ".o", 8, 8)));
    n = g.rmsNorm(x, d.weight(name + ".norm2", 8), 1e-2);
    Value gate = g.linear(n, d.weight(name + ".gate", 11, 8));
    Value up = g.linear(n, d.weight(name + ".up", 11, 8));
    return g.add(
        x, g.linear(g.gate(gate, up, Op.Activation.SILU), d.weight(name + ".down", 8, 11)));
  }

  @Test
  void recomputingTakesLessMemory() {
    Value x = g.embed(d.weight("embd", VOCAB, 8));
    for (int layer = 0; layer < 8; layer++) x = layer(x, "blk." + layer);
    Graph graph = g.build(x);
    java.util.Set<String> trained =
        java.util.Set.copyOf(graph.params().stream().map(Param::name).toList());
    long all = Tape.bytes(graph, trained, Recompute.NOTHING, 100);
    long cheap = Tape.bytes(graph, trained, Recompute.CHEAP, 100);
    long layers = Tape.bytes(graph, trained, Recompute.LAYERS, 100);
    long none = Tape.bytes(graph, java.util.Set.of(), Recompute.NOTHING, 100);
    assertThat(cheap).isLessThan(all);
    assertThat(layers).isLessThan(cheap / 2);
    assertThat(none).isLessThan(layers);
  }

  @Test
  void aGradientOfAnotherSizeIsRefused() {
    Graph graph = g.build(input("x", 5));
    try (Team team = new Team(1)) {
      assertThatThrownBy(() ->
              new Tape(
                  graph,
                  Map.of("x", new float[3]),
                  Recompute.NOTHING,
                  4,
                  new ScalarKernels(),
                  new ScalarGradKernels(),
                  team))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("gradient of 3 numbers for x");
    }
  }
}
