package org.puna.train.tune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.train.data.Prose;

/**
 * Makes conversations out of books: somebody asks for a story about something, and the answer is a
 * passage of a book that is about it. What is asked for is found in the passage itself: nouns that
 * are frequent in it and rare elsewhere. Every word of an answer is the book's, except where it
 * speaks of itself.
 */
public final class Storytelling {
  /** What follows a noun more often than an adjective. */
  private static final Pattern NOUN =
      Pattern.compile(
          "\\b(?:an?|the|his|her|their|this|that|little|old|poor|young)\\s+([a-z]{3,14})"
              + "(?=[,.;:!?]|\\s+(?:was|were|had|has|and|of|in|on|with|who|that|said|to|came|went|is|"
              + "for|at|from|would|could|did|which|as|but|began|up|down|into|by|lived|saw)\\b)");

  /** Words that stand where nouns stand and are no subject of a story. */
  private static final Set<String> NOT =
      Set.of(
          "one",
          "other",
          "same",
          "first",
          "last",
          "next",
          "rest",
          "way",
          "thing",
          "time",
          "end",
          "whole",
          "moment",
          "little",
          "old",
          "great",
          "more",
          "most",
          "two",
          "three",
          "own",
          "matter",
          "place",
          "part",
          "side",
          "top",
          "kind",
          "bit",
          "sort",
          "lot",
          "middle",
          "day",
          "night",
          "morning",
          "evening",
          "minute",
          "hour",
          "year",
          "week",
          "while",
          "others",
          "best",
          "idea",
          "reason",
          "sight",
          "fact",
          "sound",
          "mind",
          "hand",
          "head",
          "face",
          "eyes",
          "voice",
          "arms",
          "life",
          "name",
          "word",
          "words",
          "question",
          "subject",
          "use",
          "back",
          "right",
          "left",
          "what",
          "who",
          "second",
          "third",
          "very",
          "said",
          "was",
          "had",
          "and",
          "all",
          "result",
          "work",
          "truth",
          "trouble",
          "air",
          "hands",
          "feet",
          "latter",
          "former",
          "much",
          "good",
          "least",
          "any");

  private static final List<String> ABOUT =
      List.of(
          "Tell me a story about %s.",
          "Tell me a tale about %s.",
          "Can you tell me a story about %s?",
          "I would like to hear a story about %s.",
          "Please tell a story about %s.",
          "Write a short story about %s.",
          "A story about %s, please.",
          "tell me a story about %s",
          "Do you know a story about %s?");

  private static final List<String> ANY =
      List.of(
          "Tell me a story.",
          "Tell me a story, please.",
          "Can you tell me a story?",
          "I want to hear a story.",
          "Tell me something.",
          "tell me a story",
          "Tell me a bedtime story.");

  private static final List<String> MORE =
      List.of("What happened next?", "Go on.", "And then?", "Tell me more.", "Please go on.");

  /** Words that begin a passage in the middle of something. */
  private static final Pattern INSIDE =
      Pattern.compile(
          "(?:\"|'|\\(|He|She|It|They|But|And|So|Then|This|That|These|Those|His|Her|Yet|Or|Now|Such|For)\\b.*|[\"'(].*",
          Pattern.DOTALL);

  /** Nouns whose many have no s. */
  private static final Set<String> MANY =
      Set.of(
          "men", "women", "children", "people", "mice", "geese", "sheep", "oxen", "folk", "cattle");

  /** Nouns of which there is one, or of which nobody counts. */
  private static final Set<String> ONE =
      Set.of(
          "sea", "moon", "sun", "sky", "world", "wind", "snow", "rain", "water", "winter", "summer",
          "spring", "autumn", "money", "gold", "silver", "bread", "ground", "night", "country");

  /** Passages of a book in which a noun must occur; rarer ones are no subject that people name. */
  private static final int LEAST_SEEN = 8;

  /** From here on, rarity makes a noun no better. */
  private static final double MOST_RARITY = 4;

  private static final double NO_SUBJECT = 0.1;
  private static final double TWO_SUBJECTS = 0.35;
  private static final double GOES_ON = 0.25;
  private static final int LEAST_CHARACTERS = 250;

  private final int most;
  private final SplittableRandom random;

  /**
   * A maker.
   *
   * @param mostCharacters of an answer
   * @param seed of the choice of questions
   */
  public Storytelling(int mostCharacters, long seed) {
    most = mostCharacters;
    random = new SplittableRandom(seed);
  }

  /**
   * A part of a section that can stand alone.
   *
   * @param text what is told
   * @param next what follows it, where something does
   */
  private record Passage(String text, Optional<String> next) {}

  /**
   * Returns conversations, each an object with {@code messages}.
   *
   * @param sections of books
   * @param perSection most passages of a section: its beginning, and paragraphs that begin anew
   */
  public List<Map<String, Object>> conversations(List<Prose.Section> sections, int perSection) {
    List<Passage> passages = new ArrayList<>();
    for (Prose.Section s : sections) passages.addAll(passages(s.paragraphs(), perSection));
    Map<String, Integer> seenIn = new HashMap<>();
    for (Passage p : passages) {
      for (String noun : counts(p.text).keySet()) seenIn.merge(noun, 1, Integer::sum);
    }
    List<Map<String, Object>> out = new ArrayList<>();
    for (Passage p : passages) {
      List<Map<String, Object>> messages = new ArrayList<>();
      messages.add(message("user", request(subjects(p.text, seenIn, passages.size()))));
      messages.add(message("assistant", p.text));
      if (p.next.isPresent() && random.nextDouble() < GOES_ON) {
        messages.add(message("user", pick(MORE)));
        messages.add(message("assistant", p.next.get()));
      }
      out.add(conversation(messages));
    }
    return out;
  }

  /** Returns a conversation of a question and its answer. */
  public static Map<String, Object> conversation(String user, String assistant) {
    return conversation(List.of(message("user", user), message("assistant", assistant)));
  }

  private static Map<String, Object> conversation(List<Map<String, Object>> messages) {
    return Map.of("messages", List.copyOf(messages));
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("role", role);
    m.put("content", content);
    return m;
  }

  private List<Passage> passages(List<String> paragraphs, int perSection) {
    List<Passage> out = new ArrayList<>();
    int at = 0;
    while (at < paragraphs.size() && out.size() < perSection) {
      if (at > 0 && INSIDE.matcher(paragraphs.get(at)).matches()) {
        at++;
        continue;
      }
      StringBuilder text = new StringBuilder();
      int next = fill(text, paragraphs, at);
      StringBuilder after = new StringBuilder();
      fill(after, paragraphs, next);
      if (text.length() >= LEAST_CHARACTERS) {
        boolean more = after.length() >= LEAST_CHARACTERS && next > at;
        out.add(
            new Passage(text.toString(), more ? Optional.of(after.toString()) : Optional.empty()));
      }
      at = Math.max(next, at + 1);
    }
    return out;
  }

  /** Appends whole paragraphs while they fit, and of one that is too long its first sentences. */
  private int fill(StringBuilder text, List<String> paragraphs, int from) {
    int at = from;
    while (at < paragraphs.size()) {
      String p = paragraphs.get(at);
      int gap = text.isEmpty() ? 0 : 2;
      if (text.length() + gap + p.length() > most) break;
      text.append(gap == 0 ? "" : "\n\n").append(p);
      at++;
    }
    if (at < paragraphs.size() && text.length() < most / 2) {
      String p = paragraphs.get(at);
      int room = most - text.length() - 2;
      int end = -1;
      for (int i = 0; i < Math.min(room, p.length() - 1); i++) {
        if (".!?".indexOf(p.charAt(i)) >= 0 && p.charAt(i + 1) == ' ') end = i + 1;
        if (".!?".indexOf(p.charAt(i)) >= 0 && p.charAt(i + 1) == '"') end = i + 2;
      }
      if (end > LEAST_CHARACTERS) {
        text.append(text.isEmpty() ? "" : "\n\n").append(p, 0, end);
        at++;
      }
    }
    return at;
  }

  private static Map<String, Integer> counts(String text) {
    Map<String, Integer> n = new HashMap<>();
    Matcher m = NOUN.matcher(text.toLowerCase(Locale.ROOT));
    while (m.find()) if (!NOT.contains(m.group(1))) n.merge(m.group(1), 1, Integer::sum);
    return n;
  }

  private static List<String> subjects(String text, Map<String, Integer> seenIn, int passages) {
    Map<String, Integer> counts = counts(text);
    Comparator<String> byWeight =
        Comparator.comparingDouble(w -> {
          double rarity = Math.log((double) passages / seenIn.getOrDefault(w, 1));
          return -counts.getOrDefault(w, 0) * Math.min(MOST_RARITY, rarity);
        });
    int least = Math.min(LEAST_SEEN, 1 + passages / 20);
    return counts.keySet().stream()
        .filter(w -> seenIn.getOrDefault(w, 0) >= least)
        .sorted(byWeight.thenComparing(Comparator.naturalOrder()))
        .limit(2)
        .toList();
  }

  private String request(List<String> subjects) {
    if (subjects.isEmpty() || random.nextDouble() < NO_SUBJECT) return pick(ANY);
    Set<String> chosen = new LinkedHashSet<>();
    chosen.add(withArticle(subjects.get(0)));
    if (subjects.size() > 1 && random.nextDouble() < TWO_SUBJECTS) {
      chosen.add(withArticle(subjects.get(1)));
    }
    return String.format(Locale.ROOT, pick(ABOUT), String.join(" and ", chosen));
  }

  private static String withArticle(String noun) {
    if (ONE.contains(noun)) return "the " + noun;
    if (MANY.contains(noun) || (noun.endsWith("s") && !noun.endsWith("ss"))) return noun;
    return ("aeiou".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
