package org.puna.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.chat.TextGeneration;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.PromptTooLong;
import org.puna.fixtures.ByteTokenizer;

/** Conversations with a model that repeats what it hears. */
class ChatSessionTest {
  @TempDir private Path dir;

  /** What a person types, and what they see. */
  private static final class Typed implements Lines {
    private final Deque<String> lines;
    private final StringBuilder shown = new StringBuilder();
    private final String interruptAt;
    private Runnable interrupt = () -> {};

    Typed(String interruptAt, String... lines) {
      this.lines = new ArrayDeque<>(List.of(lines));
      this.interruptAt = interruptAt;
    }

    @Override
    public Optional<String> next() {
      return Optional.ofNullable(lines.poll());
    }

    @Override
    public void onInterrupt(Runnable action) {
      interrupt = action;
    }

    @Override
    public void show(String text) {
      shown.append(text);
      if (text.equals(interruptAt)) {
        interrupt.run();
      }
    }

    @Override
    public void close() {}
  }

  /** Repeats the last turn letter by letter. */
  private static TextGeneration echo(List<Turn> turns) {
    String heard = turns.getLast().content();
    Generation generation =
        new Generation() {
          private int at;
          private boolean closed;

          @Override
          public GenerationEvent next() {
            if (closed || at == heard.length()) {
              return new GenerationEvent.Finished(
                  closed ? GenerationEvent.Reason.CANCELLED : GenerationEvent.Reason.STOP,
                  new GenerationEvent.Usage(3, 0, at, 1_000_000, 2_000_000));
            }
            return new GenerationEvent.Token(heard.charAt(at++), Optional.empty());
          }

          @Override
          public void close() {
            closed = true;
          }
        };
    return new TextGeneration(generation, new ByteTokenizer(), List.of("!"), false);
  }

  private static Typed talk(ChatSession[] out, String interruptAt, String... lines)
      throws InterruptedException {
    Typed typed = new Typed(interruptAt, lines);
    out[0] = new ChatSession(typed, ChatSessionTest::echo, Optional.of("be brief"));
    out[0].run();
    return typed;
  }

  @Test
  void remembersTheConversation() throws Exception {
    ChatSession[] s = new ChatSession[1];
    Typed typed = talk(s, "none", "one", "", "two");
    assertThat(typed.shown.toString()).contains("one\n").contains("two\n");
    assertThat(s[0].turns())
        .containsExactly(
            Turn.system("be brief"),
            Turn.user("one"),
            Turn.assistant("one"),
            Turn.user("two"),
            Turn.assistant("two"));
  }

  @Test
  void anInterruptStopsTheAnswerAndKeepsItsBeginning() throws Exception {
    ChatSession[] s = new ChatSession[1];
    Typed typed = talk(s, "c", "abcdef", "xy");
    assertThat(typed.shown.toString()).contains("abc (stopped)\n").contains("xy\n");
    assertThat(s[0].turns()).contains(Turn.assistant("abc"), Turn.assistant("xy"));
  }

  @Test
  void aFullContextForgetsTheOldestTurns() throws Exception {
    Typed typed = new Typed("none", "one", "two", "three", "too long by itself", "four");
    Answerer small =
        turns -> {
          int n = turns.stream().mapToInt(t -> t.content().length()).sum();
          if (n > 20) throw new PromptTooLong(n, 20);
          return echo(turns);
        };
    ChatSession session = new ChatSession(typed, small, Optional.of("be brief"));
    session.run();
    assertThat(typed.shown.toString())
        .contains("(the context is full: forgot the oldest 2 messages; a larger --ctx keeps more)")
        .contains("the context holds 20");
    // The prompt that could not be answered took nothing with it.
    assertThat(session.turns())
        .containsExactly(Turn.system("be brief"), Turn.user("four"), Turn.assistant("four"));
  }

  @Test
  void aStopStringEndsTheAnswer() throws Exception {
    ChatSession[] s = new ChatSession[1];
    talk(s, "none", "ab!cd");
    assertThat(s[0].turns()).contains(Turn.assistant("ab"));
  }

  @Test
  void resetsAndChangesTheSystemMessage() throws Exception {
    ChatSession[] s = new ChatSession[1];
    talk(s, "none", "one", "/reset");
    assertThat(s[0].turns()).containsExactly(Turn.system("be brief"));
    Typed typed = talk(s, "none", "one", "/system be long", "/system");
    assertThat(s[0].turns()).containsExactly(Turn.system("be long"));
    assertThat(typed.shown.toString()).endsWith("be long\n\n");
  }

  @Test
  void savesMessages() throws Exception {
    Path file = dir.resolve("chat.json");
    ChatSession[] s = new ChatSession[1];
    talk(s, "none", "hé", "/save " + file, "/stats");
    assertThat(read(file))
        .contains("\"role\" : \"user\"")
        .contains("\"content\" : \"hé\"")
        .contains("\"role\" : \"assistant\"");
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file);
  }

  @Test
  void saysWhatItDoesNotKnow() throws Exception {
    ChatSession[] s = new ChatSession[1];
    List<String> shown = new ArrayList<>();
    shown.add(talk(s, "none", "/rest").shown.toString());
    shown.add(talk(s, "none", "/save").shown.toString());
    shown.add(talk(s, "none", "/save /none/there/x.json").shown.toString());
    assertThat(shown.get(0)).contains("no command /rest; did you mean /reset?");
    assertThat(shown.get(1)).contains("expected a file name");
    assertThat(shown.get(2)).contains("cannot write /none/there/x.json: there is no such folder\n");
  }

  @Test
  void exitLeaves() throws Exception {
    ChatSession[] s = new ChatSession[1];
    talk(s, "none", "one", "/exit", "two");
    assertThat(s[0].turns()).hasSize(3);
  }
}
