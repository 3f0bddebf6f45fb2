package org.puna.train.run;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.model.tokenizer.StreamDecoder;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.backends.Backends;

/**
 * What a model in training says: continuations of prompts, or answers to them, by the engine that
 * runs it later.
 */
public final class Samples {
  private static final double TOP_P = 0.95;

  private Samples() {}

  /**
   * Returns a bias that keeps a model from drawing ids which no token has: its vocabulary may be
   * padded, and before it has learned much it draws any of them.
   */
  public static Map<Integer, Double> nameless(Graph graph, Tokenizer tokenizer) {
    Map<Integer, Double> bias = new HashMap<>();
    for (int id = tokenizer.vocabSize(); id < graph.output().cols(); id++) {
      bias.put(id, Double.NEGATIVE_INFINITY);
    }
    return bias;
  }

  /**
   * Continues a prompt.
   *
   * @param graph from token ids to logits, with the weights as they are now
   * @param context positions the model has
   * @return the prompt with its continuation
   */
  public static String continued(
      Graph graph,
      Tokenizer tokenizer,
      String prompt,
      int context,
      int tokens,
      double temperature,
      int threads,
      long seed) {
    Set<Integer> ends = tokenizer.eos().isPresent() ? Set.of(tokenizer.eos().getAsInt()) : Set.of();
    int[] ids = begun(tokenizer, prompt);
    return prompt + drawn(graph, tokenizer, ids, ends, context, tokens, temperature, threads, seed);
  }

  /**
   * Answers a prompt.
   *
   * @param graph from token ids to logits, with the weights as they are now
   * @param ids the prompt as the model's template lays it out
   * @param context positions the model has
   * @return the prompt, and the answer on a line of its own
   */
  public static String answered(
      Graph graph,
      Tokenizer tokenizer,
      String prompt,
      int[] ids,
      int context,
      int tokens,
      double temperature,
      int threads,
      long seed) {
    Set<Integer> ends = new HashSet<>();
    tokenizer.eos().ifPresent(ends::add);
    for (int id : tokenizer.endOfGeneration()) ends.add(id);
    return prompt
        + "\n"
        + drawn(graph, tokenizer, ids, ends, context, tokens, temperature, threads, seed);
  }

  private static int[] begun(Tokenizer tokenizer, String prompt) {
    int[] ids = tokenizer.encode(prompt, false);
    if (tokenizer.bos().isPresent()) {
      int[] with = new int[ids.length + 1];
      with[0] = tokenizer.bos().getAsInt();
      System.arraycopy(ids, 0, with, 1, ids.length);
      ids = with;
    }
    return ids;
  }

  private static String drawn(
      Graph graph,
      Tokenizer tokenizer,
      int[] ids,
      Set<Integer> ends,
      int context,
      int tokens,
      double temperature,
      int threads,
      long seed) {
    if (ids.length == 0 || ids.length >= context) return "";
    Sampling sampling =
        new Sampling(temperature, 0, TOP_P, 0, 1, 1, 0, 0, nameless(graph, tokenizer), seed);
    int room = Math.min(tokens, context - ids.length);
    StringBuilder text = new StringBuilder();
    try (Backend backend = Backends.open("auto", threads);
        Engine engine = new Engine(backend, graph, EngineOptions.single(context));
        Generation g = engine.submit(new Request(ids, sampling, room, ends))) {
      StreamDecoder out = tokenizer.stream(false);
      while (true) {
        switch (g.next()) {
          case GenerationEvent.Prompt _ -> {}
          case GenerationEvent.Token t -> text.append(out.add(t.id()));
          case GenerationEvent.Finished _ -> {
            return text.append(out.finish()).toString();
          }
          case GenerationEvent.Failed f -> throw new IllegalStateException(f.message());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return text.toString();
    }
  }
}
