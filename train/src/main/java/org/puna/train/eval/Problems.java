package org.puna.train.eval;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.chat.ChatModel;
import org.puna.chat.CompletionRequest;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.Sampling;

/**
 * Scores word problems by what the model writes, greedily: {@code exact_match} takes the number
 * after {@code ####}, {@code flexible_match} the last number.
 *
 * @see "EleutherAI lm-evaluation-harness: gsm8k with its filters strict-match and flexible-extract"
 */
public final class Problems {
  private static final Pattern STRICT = Pattern.compile("#### (-?[0-9.,]+)");
  private static final Pattern NUMBER = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");
  private static final List<String> STOPS = List.of("Question:", "</s>", "<|im_end|>");

  private final ChatModel model;
  private final int parallel;
  private final int maxTokens;
  private final String shots;

  /**
   * Word problems of a model.
   *
   * @param parallel problems that are solved at the same time
   * @param maxTokens tokens of a solution at most
   * @param examples solved problems that are shown before each
   */
  public Problems(ChatModel model, int parallel, int maxTokens, List<Item.Problem> examples) {
    this.model = model;
    this.parallel = parallel;
    this.maxTokens = maxTokens;
    StringBuilder text = new StringBuilder();
    for (Item.Problem e : examples)
      text.append(ask(e)).append(' ').append(e.answer()).append("\n\n");
    this.shots = text.toString();
  }

  private static String ask(Item.Problem p) {
    return "Question: " + p.question() + "\nAnswer:";
  }

  /**
   * Solves problems.
   *
   * @param done told when one is done
   * @throws InterruptedException if the waiting thread is interrupted
   */
  public Score score(String task, List<Item.Problem> problems, IntConsumer done)
      throws InterruptedException {
    int strict = 0;
    int flexible = 0;
    Deque<TextGeneration> running = new ArrayDeque<>();
    List<String> written = new ArrayList<>();
    int next = 0;
    try {
      while (written.size() < problems.size()) {
        while (next < problems.size() && running.size() < parallel) {
          running.addLast(
              model.complete(
                  new CompletionRequest(shots + ask(problems.get(next++)), Sampling.greedy())
                      .withStops(STOPS)
                      .withMaxTokens(maxTokens)));
        }
        written.add(read(running.removeFirst()));
        done.accept(1);
      }
    } finally {
      running.forEach(TextGeneration::close);
    }
    for (int i = 0; i < problems.size(); i++) {
      String gold = plain(first(STRICT, problems.get(i).answer()).orElse(""));
      if (first(STRICT, written.get(i)).map(Problems::plain).equals(Optional.of(gold))) strict++;
      if (last(written.get(i)).map(Problems::plain).equals(Optional.of(gold))) flexible++;
    }
    int n = problems.size();
    Map<String, Double> m = new LinkedHashMap<>();
    m.put("exact_match", (double) strict / n);
    m.put("exact_match_stderr", Score.standardError((double) strict / n, n));
    m.put("flexible_match", (double) flexible / n);
    m.put("flexible_match_stderr", Score.standardError((double) flexible / n, n));
    return new Score(task, n, m);
  }

  private static String read(TextGeneration generation) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    try (generation) {
      while (true) {
        switch (generation.next()) {
          case TextEvent.Text t -> text.append(t.text());
          case TextEvent.Done d -> {
            return text.toString();
          }
          case TextEvent.Failed f -> throw new IllegalStateException(f.message());
        }
      }
    }
  }

  private static Optional<String> first(Pattern p, String text) {
    Matcher m = p.matcher(text);
    return m.find() ? Optional.of(m.group(1)) : Optional.empty();
  }

  /** Returns the last number of a text. */
  static Optional<String> last(String text) {
    Matcher m = NUMBER.matcher(text);
    Optional<String> found = Optional.empty();
    while (m.find()) found = Optional.of(m.group());
    return found;
  }

  /** Returns a number without signs of money and thousands, and without a full stop at its end. */
  static String plain(String number) {
    String s = number.replace(",", "").replace("$", "");
    return s.endsWith(".") ? s.substring(0, s.length() - 1) : s;
  }
}
