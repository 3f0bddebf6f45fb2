package org.puna.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.puna.tensor.Backend;
import org.puna.tensor.Batch;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Param;
import org.puna.tensor.Program;
import org.puna.tensor.Repacked;
import org.puna.tensor.Repacking;
import org.puna.tensor.Tensor;
import org.puna.tensor.Value;
import org.puna.tensor.backends.Backends;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/** Copies of weights: when they are allowed, and that steps do not depend on them. */
class RepackedTest {
  private static final int WIDTH = 256;
  private static final int VOCAB = 96;

  /** A step with copies, after they are gone, and without any gives the same to rounding. */
  @Test
  void copiesComeAndGo() {
    try (Arena arena = Arena.ofShared();
        Backend with = Backends.open("cpu.vector", 2);
        Backend without = Backends.open("cpu.vector", 2, Repacking.NONE)) {
      Graph graph = graph(arena, "Q4_K");
      float[] expected = step(without, graph);
      try (Repacked none = without.repack(graph, 0)) {
        assertThat(none.bytes()).isZero();
      }
      try (Repacked copies = with.repack(graph, 0)) {
        assumeThat(copies.bytes()).as("copies on this machine").isPositive();
        try (Repacked again = with.repack(graph, 0)) {
          assertThat(again.bytes()).isEqualTo(copies.bytes());
          near(step(with, graph), expected);
        }
        // Only a copy still knows what the weight was.
        head(graph).fill((byte) 0);
        near(step(with, graph), expected);
      }
      assertThat(step(with, graph)).containsOnly(0);
    }
  }

  /** Short answers do without copies. */
  @Test
  void copiesComeLater() {
    try (Arena arena = Arena.ofShared();
        Backend backend = Backends.open("cpu.vector", 1)) {
      Graph graph = graph(arena, "Q4_K");
      float[] expected = step(backend, graph);
      try (Repacked copies = backend.repack(graph, 3)) {
        assumeThat(copies.bytes()).as("copies on this machine").isPositive();
        for (int i = 0; i < 3; i++) assertThat(step(backend, graph)).containsExactly(expected);
        near(step(backend, graph), expected);
        head(graph).fill((byte) 0);
        near(step(backend, graph), expected);
      }
    }
  }

  /** Activations are rounded with copies, which are made at once, and without. */
  @Test
  void roundedActivationsNeedNoCopies() {
    try (Arena arena = Arena.ofShared();
        Backend rounding = Backends.open("cpu.vector", 2, Repacking.INT8);
        Backend exact = Backends.open("cpu.vector", 2, Repacking.NONE)) {
      assertThat(rounding.describe()).contains("8-bit activations");
      Graph graph = graph(arena, "Q4_K");
      float[] expected = step(exact, graph);
      float[] rounded;
      try (Repacked copies = rounding.repack(graph, 128)) {
        assumeThat(copies.bytes()).as("copies on this machine").isPositive();
        rounded = step(rounding, graph);
        assertThat(rounded).isNotEqualTo(expected);
        double error = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
          error += Math.pow((double) rounded[i] - expected[i], 2);
          size += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(error / size)).isBetween(1e-5, 0.02);
      }
      near(step(rounding, graph), rounded);
    }
  }

  /** The first step has copies of rounded activations' weights, whatever was asked for. */
  @Test
  void roundedActivationsHaveCopiesAtOnce() {
    try (Arena arena = Arena.ofShared();
        Backend rounding = Backends.open("cpu.vector", 2, Repacking.INT8)) {
      for (String format : List.of("Q4_0", "Q8_0", "Q4_K", "Q6_K")) {
        Graph graph = graph(arena, format);
        try (Repacked copies = rounding.repack(graph, 128)) {
          assumeThat(copies.bytes()).as("copies on this machine").isPositive();
          float[] rounded = step(rounding, graph);
          head(graph).fill((byte) 0);
          assertThat(step(rounding, graph)).containsExactly(rounded);
        }
        assertThat(step(rounding, graph)).containsOnly(0);
      }
    }
  }

  /** Weights of another model may come to lie where those of one lay that is gone. */
  @Test
  void aCopyIsOfItsOwnWeights() {
    try (Backend backend = Backends.open("cpu.vector", 1);
        Backend scalar = Backends.open("cpu.scalar", 1)) {
      for (int round = 0; round < 8; round++) {
        try (Arena arena = Arena.ofShared()) {
          Graph graph = graph(arena, "Q4_0");
          // Never closed before the weights are.
          backend.repack(graph, 0);
          near(step(backend, graph), step(scalar, graph));
        }
      }
    }
  }

  /** Copies that do not fit beside the weights are not allowed. */
  @Test
  void copiesLeaveMemory() {
    AtomicInteger closed = new AtomicInteger();
    Repacked huge =
        new Repacked() {
          @Override
          public long bytes() {
            return 1L << 60;
          }

          @Override
          public void close() {
            closed.incrementAndGet();
          }
        };
    Kernels kernels =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (_, method, _) -> method.getName().equals("repack") ? huge : null);
    try (Arena arena = Arena.ofShared();
        Backend backend = new CpuBackend(kernels, 1, "a test");
        Repacked copies = backend.repack(graph(arena, "Q4_0"), 0)) {
      assertThat(copies.bytes()).isZero();
      assertThat(closed).hasValue(1);
    }
  }

  private static Graph graph(Arena arena, String format) {
    Graph.Builder b = new Graph.Builder();
    Value x = b.embed(param(arena, "table", "F32", VOCAB));
    return b.build(b.linear(b.outputs(x), param(arena, "head", format, VOCAB)));
  }

  private static MemorySegment head(Graph graph) {
    return graph.params().getLast().tensor().data();
  }

  private static Param param(Arena arena, String name, String format, int rows) {
    BlockFormat f = BlockFormats.byName(format).orElseThrow();
    Random random = new Random(rows + format.hashCode() + System.identityHashCode(arena));
    float[] numbers = new float[rows * WIDTH];
    for (int i = 0; i < numbers.length; i++) numbers[i] = (float) random.nextGaussian();
    var data = arena.allocate(f.bytes(numbers.length), 64);
    f.encode(numbers, 0, numbers.length, data, 0);
    return new Param(name, new Tensor(f, new long[] {rows, WIDTH}, data));
  }

  /** Returns the result of one step of one token. */
  private static float[] step(Backend backend, Graph graph) {
    try (Program program = backend.compile(graph, 1, 1);
        KvCache cache = backend.cache(graph, 1, 32)) {
      Batch batch = new Batch(1, 1);
      batch.add(new int[] {7}, 0, 1, 0, new int[] {0}, 1);
      program.run(batch, cache);
      float[] y = new float[VOCAB];
      program.read(0, y, 0);
      return y;
    }
  }

  private static void near(float[] actual, float[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("column %d", i).isCloseTo(expected[i], within(1e-3f));
    }
  }
}
