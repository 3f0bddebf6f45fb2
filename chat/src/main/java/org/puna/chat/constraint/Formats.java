package org.puna.chat.constraint;

import java.util.Map;
import java.util.Optional;

/**
 * The {@code format}s of JSON Schema that answers are held to, as regular expressions of a whole
 * text. They are stricter than the standards where those allow what nobody writes, so that every
 * validator agrees with them.
 *
 * @see "JSON Schema draft 2020-12, validation, section 7.3"
 */
final class Formats {
  private static final String YEAR = "(19|20)[0-9]{2}";
  private static final String DATE =
      YEAR
          + "-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
  private static final String CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?";
  private static final String ZONE = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])";
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final String LABEL = "[a-z][a-z0-9]{0,14}(-[a-z][a-z0-9]{0,14})?";
  private static final String HOST =
      LABEL + "(\\.[a-z][a-z0-9]{0,14}){0,2}\\.(com|org|net|edu|gov|info|io|de|fr|uk|pe|ch)";
  private static final String HEX = "[0-9a-f]";

  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", CLOCK + ZONE),
          Map.entry("date-time", DATE + "T" + CLOCK + ZONE),
          Map.entry(
              "duration",
              "P([1-9][0-9]{0,3}D(T[1-9][0-9]{0,3}(H|M|S))?|T[1-9][0-9]{0,3}(H|M|S)|[1-9][0-9]{0,3}(W|M|Y))"),
          Map.entry("email", "[a-z][a-z0-9]{0,20}([._+-][a-z0-9]{1,16}){0,2}@" + HOST),
          Map.entry("hostname", HOST),
          Map.entry("ipv4", BYTE + "(\\." + BYTE + "){3}"),
          Map.entry("ipv6", "(" + HEX + "{1,4}:){7}" + HEX + "{1,4}"),
          Map.entry(
              "uuid", HEX + "{8}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{12}"),
          Map.entry(
              "uri",
              "https?://"
                  + HOST
                  + "(:[1-9][0-9]{1,3})?(/[A-Za-z0-9._~-]{1,40}){0,8}(\\?[A-Za-z0-9._~=&-]{1,80})?"));

  private Formats() {}

  /** Returns the expression of a format; empty for one that is only an annotation. */
  static Optional<String> pattern(String name) {
    return Optional.ofNullable(PATTERNS.get(name));
  }
}
