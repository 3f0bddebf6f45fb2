package org.puna.train.tune;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.backends.Backends;
import org.puna.train.run.Samples;

/**
 * Answers drawn from a model as its weights are now. One at a time: sequences that are computed
 * together round differently with their company, and a resumed run must draw the same.
 */
final class Drawing implements AutoCloseable {
  private final Backend backend;
  private final Engine engine;
  private final int context;
  private final Map<Integer, Double> bias;

  Drawing(Graph graph, Tokenizer tokenizer, int context, int threads) {
    this.context = context;
    bias = Samples.nameless(graph, tokenizer);
    backend = Backends.open("auto", threads);
    engine = new Engine(backend, graph, EngineOptions.single(context));
  }

  /**
   * Draws an answer.
   *
   * @param most tokens
   * @param ends ids that end it; the one that came is part of the answer, since it is learned too
   */
  int[] answer(int[] prompt, int most, Set<Integer> ends, double temperature, long seed) {
    Sampling sampling = new Sampling(temperature, 0, 1, 0, 1, 1, 0, 0, bias, seed);
    int room = Math.min(most, context - prompt.length);
    List<Integer> ids = new ArrayList<>();
    try (Generation g = engine.submit(new Request(prompt, sampling, room, Set.of()))) {
      while (true) {
        switch (g.next()) {
          case GenerationEvent.Prompt _ -> {}
          case GenerationEvent.Token t -> {
            ids.add(t.id());
            if (ends.contains(t.id())) return array(ids);
          }
          case GenerationEvent.Finished _ -> {
            return array(ids);
          }
          case GenerationEvent.Failed f -> throw new IllegalStateException(f.message());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    engine.close();
    backend.close();
  }
}
