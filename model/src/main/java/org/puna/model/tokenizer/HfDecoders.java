package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** The decoders of {@code tokenizer.json}. */
final class HfDecoders {
  private final List<Decoding.Step> steps = new ArrayList<>();
  private Decoding.Spelling spelling = Decoding.Spelling.TEXT;
  private Decoding.Strip strip = Decoding.Strip.NONE;
  private String lateSuffix = "";
  private boolean fused;

  private HfDecoders() {}

  static Decoding read(JsonAt json) {
    HfDecoders decoders = new HfDecoders();
    if (json.isNothing()) {
      decoders.steps.add((token, first) -> first ? token : " " + token);
    } else {
      decoders.add(json);
    }
    return new Decoding(decoders.steps, decoders.spelling, decoders.strip, decoders.lateSuffix);
  }

  private void add(JsonAt json) {
    String type = json.get("type").string();
    switch (type) {
      case "Sequence" -> {
        for (JsonAt step : json.get("decoders").list()) add(step);
      }
      case "ByteLevel" -> {
        spelling = Decoding.Spelling.BYTE_ALPHABET;
        fused = true;
      }
      case "ByteFallback" -> spelling = Decoding.Spelling.TEXT_AND_BYTES;
      case "Fuse" -> fused = true;
      case "Metaspace" -> {
        char replacement = json.get("replacement").character("\u2581");
        boolean drops = HfPreTokenizers.prepend(json) != HfPreTokenizers.Prepend.NEVER;
        String sign = String.valueOf(replacement);
        steps.add((token, first) ->
            first && drops ? token.replace(sign, "") : token.replace(replacement, ' '));
      }
      case "Replace" -> steps.add(replace(json));
      case "Strip" -> strip(json);
      case "WordPiece" -> {
        String prefix = json.get("prefix").string("##");
        boolean cleanup = json.get("cleanup").bool(true);
        steps.add((token, first) -> {
          String word =
              first
                  ? token
                  : token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
          return cleanup ? cleanUp(word) : word;
        });
      }
      case "BPEDecoder" -> lateSuffix = json.get("suffix").string("</w>");
      default -> throw json.get("type").bad("a known decoder");
    }
  }

  private static Decoding.Step replace(JsonAt json) {
    String content = json.get("content").string();
    JsonAt pattern = json.get("pattern");
    if (!pattern.get("String").isNothing()) {
      String what = pattern.get("String").string();
      return what.isEmpty()
          ? (token, first) -> token
          : (token, first) -> token.replace(what, content);
    }
    Regex regex = Regex.compile(pattern.get("Regex").string(), pattern.get("Regex").where());
    return (token, first) -> {
      Regex.Finder finder = regex.finder(token);
      StringBuilder out = new StringBuilder();
      int done = 0;
      while (finder.find()) {
        out.append(token, done, finder.start()).append(content);
        done = finder.end();
      }
      return out.append(token, done, token.length()).toString();
    };
  }

  private void strip(JsonAt json) {
    char content = json.get("content").character(" ");
    int start = json.get("start").integer(0, 1 << 20);
    int stop = json.get("stop").integer(0, 1 << 20);
    if (fused) {
      strip = new Decoding.Strip(content, start, stop);
      return;
    }
    steps.add((token, first) -> {
      int from = 0;
      int to = token.length();
      while (from < to && from < start && token.charAt(from) == content) from++;
      int least = Math.max(from, token.length() - stop);
      while (to > least && token.charAt(to - 1) == content) to--;
      return token.substring(from, to);
    });
  }

  /** The spaces that BERT's decoder takes out of English. */
  static String cleanUp(String text) {
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
