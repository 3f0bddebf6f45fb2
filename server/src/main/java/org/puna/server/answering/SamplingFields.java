package org.puna.server.answering;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.puna.engine.Sampling;
import org.puna.model.GenerationDefaults;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;

/** The fields that say how tokens are drawn. What a request leaves open is as the maker advises. */
public final class SamplingFields {
  private static final double MOST_TEMPERATURE = 2;
  private static final double MOST_PENALTY = 2;
  private static final double MOST_BIAS = 100;

  private SamplingFields() {}

  /**
   * Reads the sampling of a request.
   *
   * @param vocabSize ids that a bias may name
   * @throws ApiFailure if a field is out of range
   */
  public static Sampling read(Fields f, GenerationDefaults model, int vocabSize) {
    boolean greedyModel = model.sample().isPresent() && !model.sample().get();
    double defaultTemperature = model.temperature().orElse(greedyModel ? 0 : 1);
    int topK = f.integer("top_k", -1, Integer.MAX_VALUE).orElse(model.topK().orElse(0));
    OptionalDouble repetition = f.number("repetition_penalty", 0.01, 100);
    double repetitionPenalty =
        repetition.isPresent()
            ? repetition.getAsDouble()
            : f.number("repeat_penalty", 0.01, 100).orElse(model.repetitionPenalty().orElse(1));
    return new Sampling(
        f.number("temperature", 0, MOST_TEMPERATURE).orElse(defaultTemperature),
        Math.max(0, topK),
        f.number("top_p", 0, 1).orElse(model.topP().orElse(1)),
        f.number("min_p", 0, 1).orElse(model.minP().orElse(0)),
        f.number("typical_p", 0, 1).orElse(1),
        repetitionPenalty,
        f.number("presence_penalty", -MOST_PENALTY, MOST_PENALTY).orElse(0),
        f.number("frequency_penalty", -MOST_PENALTY, MOST_PENALTY).orElse(0),
        bias(f, vocabSize),
        f.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE)
            .orElseGet(() -> RandomGenerator.getDefault().nextLong()));
  }

  private static Map<Integer, Double> bias(Fields f, int vocabSize) {
    Map<Integer, Double> out = new HashMap<>();
    f.numbers("logit_bias", -MOST_BIAS, MOST_BIAS)
        .forEach((key, x) -> {
          OptionalInt id = id(key);
          if (id.isEmpty() || id.getAsInt() >= vocabSize) {
            throw ApiFailure.field(
                f.path("logit_bias"),
                "expected token ids from 0 to "
                    + (vocabSize - 1)
                    + " as names, found '"
                    + key
                    + "'");
          }
          // −100 is a ban (OpenAI's reference of logit_bias); adding 100 is enough to force.
          double bias = x == -MOST_BIAS ? Double.NEGATIVE_INFINITY : x;
          out.put(id.getAsInt(), bias);
        });
    return out;
  }

  private static OptionalInt id(String key) {
    if (key.isEmpty() || key.length() > 9 || !key.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(Integer.parseInt(key));
  }
}
