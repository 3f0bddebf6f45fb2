package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;
import org.puna.train.data.Prose;

/** Conversations that are made of books. */
class StorytellingTest {
  @TempDir private Path dir = Path.of("");

  private static Prose.Section tale(String noun) {
    String p =
        "There was once a NOUN who lived alone. The NOUN was old, and the NOUN had no friend. "
            + "One day it went out to look for one, and what it found it kept for all its life.";
    return new Prose.Section(
        noun,
        List.of(
            p.replace("NOUN", noun) + " It was a long way.".repeat(5),
            "\"Who are you?\" said the moon." + " Nobody answered.".repeat(20),
            "At last the NOUN came home.".replace("NOUN", noun) + " It slept well.".repeat(20)));
  }

  @Test
  void whatIsAskedForIsInTheAnswerAndEveryWordIsTheBooks() {
    List<Prose.Section> tales = new ArrayList<>();
    for (String n : List.of("fox", "owl", "king", "bear")) tales.add(tale(n));
    var all = new Storytelling(600, 1).conversations(tales, 4);
    assertThat(all).hasSizeGreaterThanOrEqualTo(4);
    for (var c : all) {
      List<?> messages = (List<?>) c.get("messages");
      String text = messages.get(1).toString();
      Prose.Section from =
          tales.stream().filter(t -> text.contains(t.title())).findFirst().orElseThrow();
      String answer = text.substring(text.indexOf("content=") + 8, text.length() - 1);
      assertThat(from.text()).contains(answer);
      assertThat(answer.length()).isBetween(250, 600);
      String asked = messages.get(0).toString();
      assertThat(
              asked.contains(" " + from.title())
                  || asked.contains("a story")
                  || asked.contains("something")
                  || asked.contains("bedtime"))
          .as(asked)
          .isTrue();
    }
    assertThat(all.toString()).doesNotContain("about a owl").doesNotContain("about an fox");
    assertThat(new Storytelling(600, 1).conversations(tales, 4)).isEqualTo(all);
  }

  @Test
  void theFileIsReadByFineTuning() throws IOException {
    StringBuilder book = new StringBuilder();
    for (String n : List.of("fox", "owl", "king", "bear")) {
      book.append("## ").append(n).append("\n\n").append(tale(n).text()).append("\n\n");
    }
    Path books = Files.writeString(dir.resolve("book.md"), book);
    Path about =
        Files.writeString(
            dir.resolve("about.jsonl"), "{\"instruction\":\"Who are you?\",\"output\":\"Me.\"}\n");
    Path out = dir.resolve("chats.jsonl");
    int n =
        ChatFile.write(List.of(books), new ChatFile.Options(500, 2, Optional.of(about), 3, 7), out);
    var read = Conversations.read(List.of(out));
    assertThat(read).hasSize(n);
    assertThat(read.stream().filter(c -> c.messages().toString().contains("Who are you?")))
        .hasSize(3);
    Path none = Files.writeString(dir.resolve("none.txt"), "Too short.");
    var options = new ChatFile.Options(500, 2, Optional.empty(), 0, 7);
    assertThatThrownBy(() -> ChatFile.write(List.of(none), options, out))
        .isInstanceOf(BadInput.class);
  }
}
