package org.puna.train.tune;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import org.puna.train.data.Corpus;
import org.puna.train.data.Prose;
import tools.jackson.databind.json.JsonMapper;

/** Writes the conversations that {@link Storytelling} makes of books into a file. */
public final class ChatFile {
  private static final int LEAST_CHARACTERS = 300;

  private ChatFile() {}

  /**
   * How.
   *
   * @param characters of an answer at most
   * @param perSection passages of a section at most
   * @param about a file of conversations to add
   * @param repeat how often they are added
   * @param seed of questions and order
   */
  public record Options(
      int characters, int perSection, Optional<Path> about, int repeat, long seed) {
    /**
     * Checks the sizes.
     *
     * @throws BadInput if one is too small
     */
    public Options {
      if (characters < LEAST_CHARACTERS) {
        throw new BadInput("--characters: expected at least 300, found " + characters);
      }
      if (perSection < 1 || repeat < 0) {
        throw new BadInput("--per-section and --repeat: expected at least 1 and 0");
      }
    }
  }

  /**
   * Writes a conversation on each line, in a seeded order.
   *
   * @return their number
   * @throws BadInput if a file cannot be read or written, is there already, or no passage is found
   */
  public static int write(List<Path> paths, Options o, Path out) {
    if (Files.exists(out)) {
      throw new BadInput("--out: " + out + " exists already; name another file, or delete it");
    }
    List<Prose.Section> sections = new ArrayList<>();
    Corpus.read(Corpus.files(paths), d -> sections.addAll(Prose.sections(d.text())));
    List<Map<String, Object>> all =
        new ArrayList<>(
            new Storytelling(o.characters, o.seed).conversations(sections, o.perSection));
    if (all.isEmpty()) {
      throw new BadInput(
          paths + ": no passage of 250 characters that begins anew; name longer texts");
    }
    if (o.about.isPresent()) {
      for (var c : Conversations.read(List.of(o.about.get()))) {
        for (int i = 0; i < o.repeat; i++) all.add(Map.of("messages", c.messages()));
      }
    }
    Collections.shuffle(all, new Random(o.seed));
    StringBuilder lines = new StringBuilder();
    for (var c : all) lines.append(JsonMapper.shared().writeValueAsString(c)).append('\n');
    OutputFile.writeText(out, lines.toString());
    return all.size();
  }
}
