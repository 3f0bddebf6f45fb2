package org.puna.app.run;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.puna.engine.Sampling;
import org.puna.model.GenerationDefaults;
import org.puna.model.config.BadInput;
import picocli.CommandLine.Option;

/**
 * The options that say how the next token is drawn. What the numbers mean and their ranges are in
 * {@link Sampling}, for these options and for the server's fields alike; each has its own list
 * because the names and fallbacks here are those of other command lines, and there OpenAI's.
 */
final class SamplingOptions {
  /** Where neither a person nor the model's maker says anything. */
  private static final Sampling FALLBACK = new Sampling(0.8, 40, 0.95, 0, 1, 1, 0, 0, Map.of(), 0);

  /** A seed that asks for another one each time, as in llama.cpp. */
  private static final long ANY_SEED = -1;

  @Option(names = "--greedy", description = "Always take the likeliest token.")
  private boolean greedy;

  @Option(
      names = {"--temp", "--temperature"},
      paramLabel = "T",
      description = "Divisor of the logits; 0 is greedy (default: the model's, else 0.8).")
  private @Nullable Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Keep the K likeliest tokens; 0 keeps all (default: the model's, else 40).")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Keep the smallest set with probability P; 1 keeps all (default: the model's, else"
              + " 0.95).")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description =
          "Drop tokens less likely than P times the likeliest (default: the model's, else 0).")
  private @Nullable Double minP;

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      description = "Keep the locally typical set with probability P; 1 keeps all (default: 1).")
  private @Nullable Double typicalP;

  @Option(
      names = {"--repeat-penalty", "--repetition-penalty"},
      paramLabel = "X",
      description =
          "Make tokens already seen less likely; 1 is off (default: the model's, else 1).")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Subtract X from tokens already in the answer (default: 0).")
  private @Nullable Double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Subtract X for each time a token is in the answer (default: 0).")
  private @Nullable Double frequencyPenalty;

  @Option(
      names = "--logit-bias",
      paramLabel = "ID=X",
      split = ",",
      description = "Add X to the logit of token ID; X may be -inf. May be repeated.")
  private Map<String, String> logitBias = new LinkedHashMap<>();

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      description = "Start of the random numbers: the same seed gives the same text; -1 for any.")
  private @Nullable Long seed;

  /**
   * Returns the choice that the options describe; what they leave open is as the model's maker
   * recommends.
   *
   * @param vocabulary tokens that the model has
   * @throws BadInput if one is out of range
   */
  Sampling sampling(GenerationDefaults model, int vocabulary) {
    Sampling d = FALLBACK.advised(model);
    return new Sampling(
        greedy ? 0 : or(temperature, d.temperature()),
        topK != null ? topK : d.topK(),
        or(topP, d.topP()),
        or(minP, d.minP()),
        or(typicalP, d.typicalP()),
        or(repetitionPenalty, d.repetitionPenalty()),
        or(presencePenalty, d.presencePenalty()),
        or(frequencyPenalty, d.frequencyPenalty()),
        bias(vocabulary),
        seed());
  }

  private static double or(@Nullable Double said, double otherwise) {
    return said == null ? otherwise : said;
  }

  private long seed() {
    return seed == null || seed == ANY_SEED ? RandomGenerator.getDefault().nextLong() : seed;
  }

  private Map<Integer, Double> bias(int vocabulary) {
    Map<Integer, Double> bias = new HashMap<>();
    logitBias.forEach((id, x) -> bias.put(id(id, vocabulary), amount(id, x)));
    return bias;
  }

  private static int id(String word, int vocabulary) {
    try {
      int id = Integer.parseInt(word.strip());
      if (id >= 0 && id < vocabulary) return id;
      throw new BadInput(
          "--logit-bias: token id "
              + id
              + " is not in the vocabulary of "
              + vocabulary
              + " tokens");
    } catch (NumberFormatException e) {
      throw new BadInput(
          "--logit-bias: expected a token id before '=', found '"
              + word
              + "' (`puna tokenize` shows ids)",
          e);
    }
  }

  private static double amount(String id, String word) {
    return switch (word.strip()) {
      case "-inf", "-infinity", "false" -> Double.NEGATIVE_INFINITY;
      case "inf", "+inf" -> Double.POSITIVE_INFINITY;
      default -> {
        try {
          yield Double.parseDouble(word.strip());
        } catch (NumberFormatException e) {
          throw new BadInput(
              "--logit-bias " + id + ": expected a number or -inf after '=', found '" + word + "'",
              e);
        }
      }
    };
  }
}
