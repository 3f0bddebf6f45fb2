package org.puna.chat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.model.tokenizer.Tokenizer;

/**
 * A generation without what its tokenizer has no name for. A model's matrices may have more rows
 * than there are tokens, and sampling may draw such a row: it stands for no text, neither as an
 * answer's token nor among the likeliest.
 */
final class KnownTokens implements Generation {
  private final Generation all;
  private final int vocabSize;

  /** Reads a generation with a tokenizer in mind; closing this closes it. */
  KnownTokens(Generation all, Tokenizer tokenizer) {
    this.all = all;
    vocabSize = tokenizer.vocabSize();
  }

  @Override
  public GenerationEvent next() throws InterruptedException {
    while (true) {
      switch (all.next()) {
        case GenerationEvent.Prompt p -> {
          return new GenerationEvent.Prompt(p.logprobs().stream().map(this::known).toList());
        }
        case GenerationEvent.Token t when t.id() >= vocabSize -> {}
        case GenerationEvent.Token t -> {
          return known(t);
        }
        case GenerationEvent.Finished f -> {
          return new GenerationEvent.Finished(
              f.reason(), f.usage(), f.endToken().filter(t -> t.id() < vocabSize).map(this::known));
        }
        case GenerationEvent.Failed f -> {
          return f;
        }
      }
    }
  }

  private GenerationEvent.Token known(GenerationEvent.Token t) {
    return t.logprobs().isEmpty()
        ? t
        : new GenerationEvent.Token(t.id(), t.logprobs().map(this::known));
  }

  private GenerationEvent.Logprobs known(GenerationEvent.Logprobs l) {
    int[] ids = l.topIds();
    if (Arrays.stream(ids).allMatch(id -> id < vocabSize)) return l;
    int[] places = IntStream.range(0, ids.length).filter(i -> ids[i] < vocabSize).toArray();
    float[] top = new float[places.length];
    for (int i = 0; i < top.length; i++) top[i] = l.top()[places[i]];
    return new GenerationEvent.Logprobs(
        l.chosen(), Arrays.stream(places).map(i -> ids[i]).toArray(), top);
  }

  @Override
  public void close() {
    all.close();
  }
}
