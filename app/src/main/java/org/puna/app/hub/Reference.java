package org.puna.app.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/**
 * What a command line asks a hub for: {@code hf:org/repo}, {@code hf:org/repo@revision}, {@code
 * hf:org/repo:file}. The hub's address, as other programs have it, may stand for {@code hf:}, and
 * nothing too.
 *
 * @param repo owner and name
 * @param revision a branch, tag or commit
 * @param file a file, or a type such as {@code Q4_K_M} that one GGUF file has in its name
 */
public record Reference(String repo, String revision, Optional<String> file) {
  private static final String WORD = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
  private static final Pattern FORM =
      Pattern.compile(
          "(?:hf:|(?:https://)?(?:hf\\.co|huggingface\\.co)/)?("
              + WORD
              + "/"
              + WORD
              + ")(?:@([A-Za-z0-9._/-]{1,128}))?(?::(.+))?");

  /** The revision that is meant where none is named. */
  public static final String MAIN = "main";

  /**
   * Parses a reference.
   *
   * @throws BadInput if it is none
   */
  public static Reference parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches() || text.contains("..")) {
      throw new BadInput(
          "models pull: expected hf:org/repo, hf:org/repo:file or hf:org/repo@revision, found '"
              + text
              + "'");
    }
    return new Reference(
        m.group(1), Optional.ofNullable(m.group(2)).orElse(MAIN), Optional.ofNullable(m.group(3)));
  }

  /** Returns the name that the model gets in the store. */
  public String name() {
    return revision.equals(MAIN) ? repo : repo + "@" + revision.replace('/', '-');
  }

  @Override
  public String toString() {
    return "hf:" + repo + (revision.equals(MAIN) ? "" : "@" + revision);
  }
}
