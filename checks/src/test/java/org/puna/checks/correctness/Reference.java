package org.puna.checks.correctness;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Evaluator;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.model.Checkpoint;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;

/** A model and what transformers computed with it: logits at every position, greedy ids. */
final class Reference implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Safetensors answers;
  private final Graph graph;
  private final int length;
  private final int positions;
  private final int[] ids;
  private final float[] logits;

  Reference(Path model, Path answers) {
    checkpoint = Checkpoint.open(model);
    this.answers = Safetensors.open(answers);
    length = Math.toIntExact(this.answers.tensor("input_ids").dim(1));
    ids = ints("input_ids");
    logits = this.answers.tensor("logits").toFloats();
    positions = Math.max(length, Math.toIntExact(this.answers.tensor("greedy").dim(1)));
    graph = checkpoint.architecture().forward(checkpoint.config(), checkpoint.weights(), positions);
  }

  private int[] ints(String name) {
    float[] x = answers.tensor(name).toFloats();
    int[] out = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = (int) x[i];
    }
    return out;
  }

  /** Returns the positions of a sequence. */
  int length() {
    return length;
  }

  /** Returns the largest deviation over all positions, read in pieces of {@code piece} tokens. */
  double deviation(Backend backend, int piece) {
    int vocab = graph.output().cols();
    double[] worst = {0};
    try (Evaluator e = new Evaluator(backend, graph, length, piece)) {
      for (int at = 0; at < ids.length; at += length) {
        int first = at;
        e.reset();
        e.feed(
            Arrays.copyOfRange(ids, at, at + length),
            (position, row) -> {
              for (int v = 0; v < vocab; v++) {
                double d = Math.abs(row[v] - logits[(first + position) * vocab + v]);
                // A NaN must not pass as a small difference.
                worst[0] = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst[0], d);
              }
            });
      }
    }
    return worst[0];
  }

  /** Returns how many of the reference's greedy ids come out, in order, before the first other. */
  String greedy(Backend backend, int prompt) throws InterruptedException {
    int[] all = ints("greedy");
    int wanted = all.length - prompt;
    int same = 0;
    try (Engine engine = new Engine(backend, graph, EngineOptions.single(positions));
        Generation g =
            engine.submit(
                new Request(Arrays.copyOf(all, prompt), Sampling.greedy(), wanted, Set.of()))) {
      while (g.next() instanceof GenerationEvent.Token t && t.id() == all[prompt + same]) {
        same++;
        if (same == wanted) {
          break;
        }
      }
    }
    return same + " of " + wanted;
  }

  /** Returns a deviation as pages show it. */
  static String shown(double x) {
    return x == 0 ? "0" : String.format(Locale.ROOT, "%.1e", x);
  }

  @Override
  public void close() {
    answers.close();
    checkpoint.close();
  }
}
