package org.puna.model.tokenizer;

import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.IntPredicate;

/** The normalizers of {@code tokenizer.json}. */
final class HfNormalizers {
  private HfNormalizers() {}

  static Normalizer read(JsonAt json) {
    if (json.isNothing()) return Normalizer.NONE;
    String type = json.get("type").string();
    return switch (type) {
      case "Sequence" -> {
        List<Normalizer> steps = new ArrayList<>();
        for (JsonAt step : json.get("normalizers").list()) steps.add(read(step));
        yield Normalizers.sequence(steps);
      }
      case "NFC" -> Normalizers.unicode(Form.NFC);
      case "NFD" -> Normalizers.unicode(Form.NFD);
      case "NFKC" -> Normalizers.unicode(Form.NFKC);
      case "NFKD" -> Normalizers.unicode(Form.NFKD);
      case "Lowercase" -> HfNormalizers::lowercase;
      case "StripAccents" -> text -> without(text, c -> (CharClass.of(c) & CharClass.MARK) != 0);
      case "Strip" -> strip(json.get("strip_left").bool(true), json.get("strip_right").bool(true));
      case "Prepend" -> {
        String prepend = json.get("prepend").string();
        yield text -> prepend + text;
      }
      case "Replace" -> replace(json);
      case "ByteLevel" -> text -> ByteAlphabet.spell(Utf8.encode(text));
      case "BertNormalizer" -> bert(json);
      case "Nmt" -> HfNormalizers::nmt;
      case "Precompiled" -> precompiled(json.get("precompiled_charsmap"));
      default -> throw json.get("type").bad("a known normalizer");
    };
  }

  private static Normalizer replace(JsonAt json) {
    String content = json.get("content").string();
    JsonAt pattern = json.get("pattern");
    if (!pattern.get("String").isNothing()) {
      String what = pattern.get("String").string();
      return what.isEmpty() ? Normalizer.NONE : text -> text.replace(what, content);
    }
    Regex regex = Regex.compile(pattern.get("Regex").string(), pattern.get("Regex").where());
    return text -> {
      Regex.Finder finder = regex.finder(text);
      StringBuilder out = new StringBuilder(text.length());
      int done = 0;
      while (finder.find()) {
        out.append(text, done, finder.start()).append(content);
        done = finder.end();
      }
      return out.append(text, done, text.length()).toString();
    };
  }

  private static Normalizer precompiled(JsonAt json) {
    return Charsmap.read(charsmap(json), json.where()).byGraphemes();
  }

  /** Returns SentencePiece's table of normalisations. */
  static byte[] charsmap(JsonAt json) {
    try {
      return Base64.getDecoder().decode(json.string());
    } catch (IllegalArgumentException e) {
      throw json.bad("Base64");
    }
  }

  /** Each character for itself, as Rust does: a final sigma is as any other. */
  static String lowercase(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          // The only character whose lower case is two.
          if (c == 0x130) out.append("i\u0307");
          else out.appendCodePoint(Character.toLowerCase(c));
        });
    return out.toString();
  }

  private static String without(String text, IntPredicate dropped) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().filter(dropped.negate()).forEach(out::appendCodePoint);
    return out.toString();
  }

  private static Normalizer strip(boolean left, boolean right) {
    return text -> {
      int from = 0;
      int to = text.length();
      while (left && from < to && CharClass.isSpace(text.charAt(from))) from++;
      while (right && to > from && CharClass.isSpace(text.charAt(to - 1))) to--;
      return text.substring(from, to);
    };
  }

  private static Normalizer bert(JsonAt json) {
    boolean lowercase = json.get("lowercase").bool(true);
    return bert(
        json.get("clean_text").bool(true),
        json.get("handle_chinese_chars").bool(true),
        json.get("strip_accents").bool(lowercase),
        lowercase);
  }

  /** BERT's: no control characters, spaces around Chinese, no accents, small letters. */
  static Normalizer bert(boolean clean, boolean chinese, boolean accents, boolean lowercase) {
    List<Normalizer> steps = new ArrayList<>();
    if (clean) steps.add(HfNormalizers::clean);
    if (chinese) steps.add(HfNormalizers::spaceChinese);
    if (accents) {
      steps.add(Normalizers.unicode(Form.NFD));
      steps.add(text -> without(text, c -> Character.getType(c) == Character.NON_SPACING_MARK));
    }
    if (lowercase) steps.add(HfNormalizers::lowercase);
    return Normalizers.sequence(steps);
  }

  private static String clean(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          boolean line = c == '\t' || c == '\n' || c == '\r';
          if (c == 0xFFFD || (!line && isControl(c))) return;
          out.appendCodePoint(CharClass.isSpace(c) ? ' ' : c);
        });
    return out.toString();
  }

  /** Unicode's categories Cc, Cf and Co. */
  private static boolean isControl(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE -> true;
      default -> false;
    };
  }

  private static String spaceChinese(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (isChinese(c)) out.append(' ').appendCodePoint(c).append(' ');
          else out.appendCodePoint(c);
        });
    return out.toString();
  }

  private static boolean isChinese(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2B73F)
        || (c >= 0x2B740 && c <= 0x2B81F)
        || (c >= 0x2B920 && c <= 0x2CEAF)
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }

  private static String nmt(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          boolean dropped =
              (c >= 0x1 && c <= 0x8)
                  || c == 0xB
                  || (c >= 0xE && c <= 0x1F)
                  || c == 0x7F
                  || c == 0x8F
                  || c == 0x9F;
          if (dropped) return;
          boolean space =
              c == 0x9
                  || c == 0xA
                  || c == 0xC
                  || c == 0xD
                  || c == 0x1680
                  || (c >= 0x200B && c <= 0x200F)
                  || c == 0x2028
                  || c == 0x2029
                  || c == 0x2581
                  || c == 0xFEFF
                  || c == 0xFFFD;
          out.appendCodePoint(space ? ' ' : c);
        });
    return out.toString();
  }
}
