package org.puna.server.answering;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.puna.chat.Ending;
import org.puna.engine.Sampling;
import org.puna.model.GenerationDefaults;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;

/**
 * The fields that say how tokens are drawn. What the numbers mean is in {@link Sampling}, for these
 * fields and for the command line's options alike; each has its own list because the names, ranges
 * and fallbacks here are OpenAI's, and there those of other command lines.
 */
public final class SamplingFields {
  /** Where neither the request nor the model's maker says anything: the model's distribution. */
  private static final Sampling FALLBACK = Sampling.plain(0);

  /** A seed that asks for another one each time, as in other servers. */
  private static final long ANY_SEED = -1;

  private static final double MOST_TEMPERATURE = 2;
  private static final double MOST_PENALTY = 2;
  private static final double LEAST_FACTOR = 0.01;
  private static final double MOST_FACTOR = 100;
  private static final double MOST_BIAS = 100;

  private SamplingFields() {}

  /**
   * Reads the sampling of a request; what it leaves open is as the model's maker advises.
   *
   * @param vocabSize ids that a bias may name
   * @throws ApiFailure if a field is out of range
   */
  public static Sampling read(Fields f, GenerationDefaults model, int vocabSize) {
    Sampling d = FALLBACK.advised(model);
    OptionalDouble repetition = f.number("repetition_penalty", LEAST_FACTOR, MOST_FACTOR);
    if (repetition.isEmpty()) repetition = f.number("repeat_penalty", LEAST_FACTOR, MOST_FACTOR);
    return new Sampling(
        f.number("temperature", 0, MOST_TEMPERATURE).orElse(d.temperature()),
        // As in other servers -1 keeps all.
        Math.max(0, f.integer("top_k", -1, Integer.MAX_VALUE).orElse(d.topK())),
        f.number("top_p", 0, 1).orElse(d.topP()),
        f.number("min_p", 0, 1).orElse(d.minP()),
        f.number("typical_p", 0, 1).orElse(d.typicalP()),
        repetition.orElse(d.repetitionPenalty()),
        f.number("presence_penalty", -MOST_PENALTY, MOST_PENALTY).orElse(d.presencePenalty()),
        f.number("frequency_penalty", -MOST_PENALTY, MOST_PENALTY).orElse(d.frequencyPenalty()),
        bias(f, vocabSize),
        seed(f));
  }

  private static long seed(Fields f) {
    long seed = f.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(ANY_SEED);
    return seed == ANY_SEED ? RandomGenerator.getDefault().nextLong() : seed;
  }

  /**
   * Reads when the answer may end, by the fields that vLLM has.
   *
   * @param maxTokens tokens of the answer at most, where the request says so
   * @throws ApiFailure if a field is out of range
   */
  public static Ending ending(Fields f, OptionalInt maxTokens) {
    int most = maxTokens.orElse(Integer.MAX_VALUE);
    return new Ending(
        f.flag("ignore_eos").orElse(false), f.integer("min_tokens", 0, most).orElse(0));
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
