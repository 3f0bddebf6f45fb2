package org.puna.train.eval;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.chat.ChatModel;
import org.puna.chat.CompletionRequest;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.Sampling;
import org.puna.model.config.BadInput;

/**
 * Scores word problems by what the model writes, greedily: {@code exact_match} takes the number
 * after the first {@code ####}, {@code flexible_match} the last number. A prompt that leaves no
 * room for the solution loses its beginning.
 *
 * @see "EleutherAI lm-evaluation-harness: gsm8k with its filters strict-match and flexible-extract"
 */
public final class Problems {
  private static final Pattern STRICT = Pattern.compile("#### (-?[0-9.,]+)");
  private static final Pattern NUMBER = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");
  private static final Pattern FULL_STOP = Pattern.compile("\\.$", Pattern.UNIX_LINES);
  private static final String MARK = "#### ";

  /** What stands for an answer in which nothing is found. */
  private static final String NOTHING = "[invalid]";

  private static final List<String> STOPS = List.of("Question:", "</s>", "<|im_end|>");

  private final ChatModel model;
  private final int mostPrompt;
  private final int parallel;
  private final int maxTokens;
  private final String shots;

  /**
   * Word problems of a model.
   *
   * @param contextLength positions that prompt and solution have together
   * @param parallel problems that are solved at the same time
   * @param maxTokens tokens of a solution at most
   * @param examples solved problems that are shown before each
   * @throws BadInput if a solution alone fills the context
   */
  public Problems(
      ChatModel model,
      int contextLength,
      int parallel,
      int maxTokens,
      List<Item.Problem> examples) {
    if (maxTokens >= contextLength) {
      throw new BadInput(
          "--max-tokens: expected fewer than the context's "
              + contextLength
              + ", found "
              + maxTokens);
    }
    this.model = model;
    this.mostPrompt = contextLength - maxTokens;
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
          running.addLast(start(shots + ask(problems.get(next++))));
        }
        written.add(read(running.removeFirst()));
        done.accept(1);
      }
    } finally {
      running.forEach(TextGeneration::close);
    }
    for (int i = 0; i < problems.size(); i++) {
      String gold = plain(problems.get(i).answer());
      if (plain(first(written.get(i))).equals(gold)) strict++;
      if (plain(last(written.get(i))).equals(gold)) flexible++;
    }
    int n = problems.size();
    Map<String, Double> m = new LinkedHashMap<>();
    m.put("exact_match", (double) strict / n);
    m.put("exact_match_stderr", Score.standardError((double) strict / n, n));
    m.put("flexible_match", (double) flexible / n);
    m.put("flexible_match_stderr", Score.standardError((double) flexible / n, n));
    return new Score(task, n, m);
  }

  private TextGeneration start(String prompt) {
    int[] ids = model.tokenizer().encodeWithSpecials(prompt, false);
    int[] kept = Arrays.copyOfRange(ids, Math.max(0, ids.length - mostPrompt), ids.length);
    return model
        .complete(
            kept,
            new CompletionRequest(prompt, Sampling.greedy())
                .withStops(STOPS)
                .withMaxTokens(maxTokens),
            1)
        .getFirst();
  }

  private static String read(TextGeneration generation) throws InterruptedException {
    StringBuilder text = new StringBuilder();
    try (generation) {
      while (true) {
        switch (generation.next()) {
          case TextEvent.Prompt _ -> {}
          case TextEvent.Text t -> text.append(t.text());
          case TextEvent.Done d -> {
            return text.toString();
          }
          case TextEvent.Failed f -> throw new IllegalStateException(f.message());
        }
      }
    }
  }

  /** Returns the number after the first {@code ####}. */
  static String first(String text) {
    Matcher m = STRICT.matcher(text);
    return m.find() ? m.group(1).strip() : NOTHING;
  }

  /** Returns the last number of a text. */
  static String last(String text) {
    Matcher m = NUMBER.matcher(text);
    String found = NOTHING;
    while (m.find()) found = m.group().strip();
    return found;
  }

  /**
   * Returns what is compared of a text: what follows its last {@code ####}, all where there is
   * none, without signs of money and thousands, and without a full stop at its end.
   */
  static String plain(String text) {
    String s = text.replace(",", "").replace("$", "");
    int mark = s.lastIndexOf(MARK);
    if (mark >= 0) s = s.substring(mark + MARK.length());
    return FULL_STOP.matcher(s).replaceAll("").toLowerCase(Locale.ROOT);
  }
}
