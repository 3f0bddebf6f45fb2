package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.puna.model.tokenizer.Splitting.Behavior;

/** The pre-tokenizers of {@code tokenizer.json}. */
final class HfPreTokenizers {
  /**
   * What they come to.
   *
   * @param text cuts on text, first
   * @param scanners cuts on UTF-8, at least one
   * @param byteLevel whether the pieces are bytes in the model's eyes
   * @param names name of each scanner
   */
  record Cuts(
      List<PreTokenizer> text, List<Scanner> scanners, boolean byteLevel, List<String> names) {}

  /** One step. */
  private sealed interface Step {
    /** A cut on UTF-8. */
    record Scan(Scanner scanner, String name) implements Step {}

    /** A cut or change of text. */
    record Text(PreTokenizer cut) implements Step {}

    /** Bytes become characters of GPT-2's alphabet. */
    record Spell() implements Step {}
  }

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String SYMBOLS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + SPACES;
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String PREFIX = "[^\\r\\n\\p{L}\\p{N}]?";

  /** The published expressions that state machines stand for, by the names of these. */
  static final Map<String, String> EXPRESSIONS =
      Map.of(
          "gpt2",
          GPT2,
          "llama3",
          CONTRACTIONS + "|" + PREFIX + "\\p{L}+|\\p{N}{1,3}" + SYMBOLS,
          "qwen2",
          CONTRACTIONS + "|" + PREFIX + "\\p{L}+|\\p{N}" + SYMBOLS,
          "qwen35",
          CONTRACTIONS
              + "|"
              + PREFIX
              + "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
              + SPACES,
          "minicpm5",
          CONTRACTIONS + "|" + PREFIX + "\\p{L}+|\\p{N}+" + SYMBOLS,
          "o200k",
          cased(CONTRACTIONS + "?", "\\p{N}{1,3}"),
          "tekken",
          cased("", "\\p{N}"),
          "digits3",
          "\\p{N}{1,3}",
          "digits1",
          "\\p{N}");

  private static String cased(String suffix, String digits) {
    String first = PREFIX + UPPER + "*" + LOWER + "+" + suffix;
    String second = PREFIX + UPPER + "+" + LOWER + "*" + suffix;
    return first + "|" + second + "|" + digits + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;
  }

  private static final List<Step> BERT =
      List.of(
          text(Splitting.characters(CharClass::isSpace), Behavior.REMOVED, false),
          text(Splitting.characters(CharSet::isPunctuation), Behavior.ISOLATED, false));

  private HfPreTokenizers() {}

  /** BERT's: words, and each punctuation character. */
  static Cuts bert() {
    return cuts(new ArrayList<>(BERT));
  }

  /** The state machine of a name of {@link #EXPRESSIONS}. */
  static Scanner scanner(String name) {
    return switch (name) {
      case "gpt2" -> Scanners::gpt2;
      case "llama3" -> Scanners.words(3, false);
      case "qwen2" -> Scanners.words(1, false);
      case "qwen35" -> Scanners.words(1, true);
      case "minicpm5" -> Scanners.words(Integer.MAX_VALUE, false);
      case "o200k" -> Scanners.cased(3, true);
      case "tekken" -> Scanners.cased(1, false);
      case "digits3" -> Scanners.numbers(3);
      case "digits1" -> Scanners::singleNumbers;
      default -> throw new IllegalArgumentException(name);
    };
  }

  static Cuts read(JsonAt json) {
    List<Step> steps = new ArrayList<>();
    if (!json.isNothing()) steps(json, steps);
    return cuts(steps);
  }

  /** Byte-level cuts at each of some expressions, by name or as they are written. */
  static Cuts isolating(List<String> expressions) {
    List<Step> steps = new ArrayList<>();
    for (String expression : expressions) {
      if (EXPRESSIONS.containsKey(expression)) {
        steps.add(new Step.Scan(scanner(expression), expression));
      } else {
        Regex regex = Regex.compile(expression, "pre-tokenizer");
        steps.add(text(Splitting.regex(regex), Behavior.ISOLATED, false));
      }
    }
    steps.add(new Step.Spell());
    return cuts(steps);
  }

  private static Cuts cuts(List<Step> steps) {
    boolean byteLevel = !steps.isEmpty() && steps.getLast() instanceof Step.Spell;
    if (byteLevel) steps.removeLast();
    int scans = steps.size();
    while (scans > 0 && steps.get(scans - 1) instanceof Step.Scan) scans--;
    List<PreTokenizer> text = new ArrayList<>();
    for (Step step : steps.subList(0, scans)) {
      text.add(
          switch (step) {
            case Step.Scan scan -> onText(scan.scanner);
            case Step.Text cut -> cut.cut;
            case Step.Spell spell ->
                (piece, start) -> List.of(ByteAlphabet.spell(Utf8.encode(piece)));
          });
    }
    List<Scanner> scanners = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (Step step : steps.subList(scans, steps.size())) {
      if (step instanceof Step.Scan(Scanner scanner, String name)) {
        scanners.add(scanner);
        names.add(name);
      }
    }
    if (scanners.isEmpty()) {
      scanners.add(Scanners::whole);
      names.add("whole");
    }
    return new Cuts(text, scanners, byteLevel, names);
  }

  private static PreTokenizer onText(Scanner scanner) {
    return (text, start) -> {
      byte[] s = Utf8.encodePadded(text);
      List<String> out = new ArrayList<>();
      int n = s.length - Utf8.PADDING;
      for (int p = 0; p < n; ) {
        int end = scanner.next(s, p, n);
        out.add(Utf8.decode(s, p, end));
        p = end;
      }
      return out;
    };
  }

  private static void steps(JsonAt json, List<Step> steps) {
    String type = json.get("type").string();
    switch (type) {
      case "Sequence" -> {
        for (JsonAt step : json.get("pretokenizers").list()) steps(step, steps);
      }
      case "ByteLevel" -> {
        if (json.get("add_prefix_space").bool(true)) {
          steps.add(
              new Step.Text((text, start) -> List.of(text.startsWith(" ") ? text : " " + text)));
        }
        if (json.get("use_regex").bool(true)) {
          steps.add(new Step.Scan(Scanners::gpt2, "gpt2"));
        }
        steps.add(new Step.Spell());
      }
      case "Split" -> steps.add(split(json));
      case "Digits" -> {
        if (json.get("individual_digits").bool(false)) {
          steps.add(new Step.Scan(Scanners::singleNumbers, "digits1"));
        } else {
          steps.add(text(Splitting.characters(CharSet::isNumber), Behavior.CONTIGUOUS, false));
        }
      }
      case "Metaspace" -> steps.add(new Step.Text(metaspace(json)));
      case "Whitespace" ->
          steps.add(
              text(
                  Splitting.runs(
                      CharSet::isRustWord, c -> !CharSet.isRustWord(c) && !CharClass.isSpace(c)),
                  Behavior.REMOVED,
                  true));
      case "WhitespaceSplit" ->
          steps.add(text(Splitting.characters(CharClass::isSpace), Behavior.REMOVED, false));
      case "Punctuation" ->
          steps.add(
              text(
                  Splitting.characters(CharSet::isPunctuation),
                  behavior(json.get("behavior")),
                  false));
      case "BertPreTokenizer" -> steps.addAll(BERT);
      case "CharDelimiterSplit" -> {
        String delimiter = json.get("delimiter").string();
        steps.add(text(Splitting.string(delimiter), Behavior.REMOVED, false));
      }
      default -> throw json.get("type").bad("a known pre-tokenizer");
    }
  }

  private static Step text(Splitting.Pattern pattern, Behavior behavior, boolean invert) {
    return new Step.Text(Splitting.by(pattern, behavior, invert));
  }

  private static Behavior behavior(JsonAt json) {
    String name = json.string("Isolated");
    return switch (name) {
      case "Removed" -> Behavior.REMOVED;
      case "Isolated" -> Behavior.ISOLATED;
      case "MergedWithPrevious" -> Behavior.MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> Behavior.MERGED_WITH_NEXT;
      case "Contiguous" -> Behavior.CONTIGUOUS;
      default ->
          throw json.bad("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
    };
  }

  private static Step split(JsonAt json) {
    Behavior behavior = behavior(json.get("behavior"));
    boolean invert = json.get("invert").bool(false);
    JsonAt pattern = json.get("pattern");
    if (!pattern.get("String").isNothing()) {
      return text(Splitting.string(pattern.get("String").string()), behavior, invert);
    }
    String regex = pattern.get("Regex").string();
    boolean digits =
        regex.equals(EXPRESSIONS.get("digits3")) || regex.equals(EXPRESSIONS.get("digits1"));
    // The others leave nothing between their finds, so that to keep only these is the same.
    boolean isolated = behavior == Behavior.ISOLATED && !invert;
    if (isolated || (behavior == Behavior.REMOVED && invert && !digits)) {
      for (Map.Entry<String, String> known : EXPRESSIONS.entrySet()) {
        if (known.getValue().equals(regex)) {
          return new Step.Scan(scanner(known.getKey()), known.getKey());
        }
      }
    }
    Regex compiled = Regex.compile(regex, pattern.get("Regex").where());
    return text(Splitting.regex(compiled), behavior, invert);
  }

  /** When Metaspace puts its sign before a text. */
  enum Prepend {
    /** Before each text between special tokens. */
    ALWAYS,
    /** Only at the start of what the user gave. */
    FIRST,
    /** Nowhere. */
    NEVER
  }

  static Prepend prepend(JsonAt json) {
    JsonAt scheme = json.get("prepend_scheme");
    if (scheme.isNothing()) {
      return json.get("add_prefix_space").bool(true) ? Prepend.ALWAYS : Prepend.NEVER;
    }
    return switch (scheme.string()) {
      case "always" -> Prepend.ALWAYS;
      case "first" -> Prepend.FIRST;
      case "never" -> Prepend.NEVER;
      default -> throw scheme.bad("always, first or never");
    };
  }

  private static PreTokenizer metaspace(JsonAt json) {
    char replacement = json.get("replacement").character("\u2581");
    Prepend prepend = prepend(json);
    boolean split = json.get("split").bool(true);
    PreTokenizer cut =
        Splitting.by(
            Splitting.string(String.valueOf(replacement)), Behavior.MERGED_WITH_NEXT, false);
    return (text, start) -> {
      String marked = text.replace(' ', replacement);
      boolean wanted = prepend == Prepend.ALWAYS || (prepend == Prepend.FIRST && start);
      if (wanted && marked.charAt(0) != replacement) marked = replacement + marked;
      return split ? cut.split(marked, start) : List.of(marked);
    };
  }
}
