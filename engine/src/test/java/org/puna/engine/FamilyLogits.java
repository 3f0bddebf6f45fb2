package org.puna.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.puna.model.Checkpoint;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.Tensor;

/** Runs a fixture's sequences through its model and holds the logits against the reference's. */
final class FamilyLogits implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Safetensors expected;
  private final Backend backend;
  private final Graph graph;
  private final int length;

  FamilyLogits(Path model, Path answers, Backend backend) {
    this.backend = backend;
    checkpoint = Checkpoint.open(model);
    expected = Safetensors.open(answers);
    length = (int) tensor("input_ids").dim(1);
    graph = checkpoint.architecture().forward(checkpoint.config(), checkpoint.weights(), length);
  }

  private Tensor tensor(String name) {
    return expected.find(name).orElseThrow();
  }

  private int[] ints(String name) {
    float[] x = tensor(name).toFloats();
    int[] out = new int[x.length];
    for (int i = 0; i < x.length; i++) out[i] = (int) x[i];
    return out;
  }

  int length() {
    return length;
  }

  /**
   * Returns the largest deviation over all positions and sequences, read in pieces of {@code piece}
   * tokens.
   */
  double deviation(int piece) {
    int[] ids = ints("input_ids");
    float[] logits = tensor("logits").toFloats();
    int vocab = graph.output().cols();
    double[] worst = {0};
    try (Evaluator e = new Evaluator(backend, graph, length, piece)) {
      for (int s = 0; s * length < ids.length; s++) {
        int at = s * length;
        e.reset();
        e.feed(
            java.util.Arrays.copyOfRange(ids, at, at + length),
            (position, row) -> {
              for (int v = 0; v < vocab; v++) {
                double d = Math.abs(row[v] - logits[(at + position) * vocab + v]);
                // A NaN must not pass as a small difference.
                if (!(d <= worst[0])) worst[0] = Double.isNaN(d) ? Double.POSITIVE_INFINITY : d;
              }
            });
      }
    }
    return worst[0];
  }

  /** Returns the reference's greedy ids: a prompt, and what follows it. */
  int[] greedyExpected() {
    return ints("greedy");
  }

  /** Generates greedily from the first {@code prompt} reference ids, to the same length. */
  int[] greedy(int prompt) {
    int[] all = greedyExpected();
    List<Integer> out = new ArrayList<>();
    for (int i = 0; i < prompt; i++) out.add(all[i]);
    int[] start = java.util.Arrays.copyOf(all, prompt);
    try (Engine e = new Engine(backend, graph, EngineOptions.single(length));
        Generation g =
            e.submit(new Request(start, Sampling.greedy(), all.length - prompt, Set.of()))) {
      while (g.next() instanceof GenerationEvent.Token t) out.add(t.id());
    } catch (InterruptedException x) {
      throw new AssertionError(x);
    }
    return out.stream().mapToInt(i -> i).toArray();
  }

  /** Makes a backend for one test. */
  interface BackendSource extends Supplier<Backend> {}

  @Override
  public void close() {
    expected.close();
    checkpoint.close();
  }
}
