package org.puna.app.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.puna.app.cli.Context;
import org.puna.app.cli.Nearest;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.GenerationEvent;
import org.puna.engine.PromptTooLong;
import org.puna.model.chat.TemplateError;
import org.puna.model.config.BadInput;

/**
 * A conversation: reads lines, runs the commands that begin with a slash, shows answers as they are
 * generated and remembers them. An interrupt stops the answer and keeps what there was of it.
 */
final class ChatSession {
  /** The commands, for help and completion. */
  static final List<String> COMMANDS =
      List.of("/help", "/reset", "/system", "/save", "/stats", "/exit");

  private static final String HELP =
      """
      /reset           forget the conversation
      /system TEXT     set the system message (and begin anew); without TEXT show it
      /save FILE       save the conversation as JSON messages, as `puna template` reads them
      /stats           tokens and speed of the last answer
      /exit            leave, as Ctrl-D does; Ctrl-C stops an answer
      """;

  private final Lines lines;
  private final Answerer answerer;
  private final List<Turn> turns = new ArrayList<>();
  private Optional<String> system;
  private Optional<GenerationEvent.Usage> last = Optional.empty();

  /**
   * A conversation that begins with the system message, where there is one.
   *
   * @param lines the person
   * @param answerer the model
   */
  ChatSession(Lines lines, Answerer answerer, Optional<String> system) {
    this.lines = lines;
    this.answerer = answerer;
    this.system = system;
    reset();
  }

  /** Talks until the person leaves. */
  void run() throws InterruptedException {
    lines.show("/help shows the commands\n");
    for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
      String text = line.get().strip();
      if (text.equals("/exit") || text.equals("/quit") || text.equals("/bye")) {
        return;
      }
      try {
        if (text.startsWith("/")) {
          command(text);
        } else if (!text.isEmpty()) {
          say(text);
        }
      } catch (BadInput | TemplateError e) {
        lines.show(e.getMessage() + "\n");
      }
    }
    lines.show("\n");
  }

  /** Returns the conversation so far. */
  List<Turn> turns() {
    return List.copyOf(turns);
  }

  private void command(String text) {
    String[] parts = text.split("\\s+", 2);
    String rest = parts.length > 1 ? parts[1].strip() : "";
    switch (parts[0].toLowerCase(Locale.ROOT)) {
      case "/help" -> lines.show(HELP);
      case "/reset" -> {
        reset();
        lines.show("(forgotten)\n");
      }
      case "/system" -> system(rest);
      case "/save" -> save(rest);
      case "/stats" -> lines.show(last.map(Stats::line).orElse("(no answer yet)") + "\n");
      default ->
          throw new BadInput(
              "no command "
                  + parts[0]
                  + Nearest.of(parts[0], COMMANDS).map(n -> "; did you mean " + n + "?").orElse("")
                  + " (/help shows them)");
    }
  }

  private void reset() {
    turns.clear();
    system.ifPresent(s -> turns.add(Turn.system(s)));
  }

  private void system(String text) {
    if (text.isEmpty()) {
      lines.show(system.orElse("(no system message)") + "\n");
    } else {
      system = Optional.of(text);
      reset();
      lines.show("(system message set, conversation forgotten)\n");
    }
  }

  private void save(String file) {
    if (file.isEmpty()) {
      throw new BadInput("/save: expected a file name, as in /save chat.json");
    }
    try {
      String json = Context.mapper().writeValueAsString(turns);
      Files.write(Path.of(file), (json + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      throw new BadInput("/save: cannot write " + file + ": there is no such folder", e);
    } catch (AccessDeniedException e) {
      throw new BadInput("/save: cannot write " + file + ": access denied", e);
    } catch (FileSystemException e) {
      String why = e.getReason() == null ? "the file system refuses" : e.getReason();
      throw new BadInput("/save: cannot write " + file + ": " + why, e);
    } catch (IOException | InvalidPathException e) {
      throw new BadInput("/save: cannot write " + file + ": " + e.getMessage(), e);
    }
    lines.show("(" + turns.size() + " messages saved to " + file + ")\n");
  }

  private void say(String text) throws InterruptedException {
    List<Turn> before = turns();
    turns.add(Turn.user(text));
    StringBuilder answer = new StringBuilder();
    try (TextGeneration generation = answer()) {
      lines.onInterrupt(generation::close);
      show(generation, answer);
    } catch (BadInput | TemplateError e) {
      turns.clear();
      turns.addAll(before);
      throw e;
    } finally {
      lines.onInterrupt(() -> {});
    }
    lines.show("\n");
    turns.add(Turn.assistant(answer.toString()));
  }

  /** Starts the answer, without the oldest turns where they do not fit the context any more. */
  private TextGeneration answer() {
    int forgotten = 0;
    while (true) {
      try {
        TextGeneration generation = answerer.answer(turns());
        if (forgotten > 0) {
          lines.show(
              "(the context is full: forgot the oldest "
                  + forgotten
                  + " messages; a larger --ctx keeps more)\n");
        }
        return generation;
      } catch (PromptTooLong e) {
        int n = forgetOldest();
        if (n == 0) {
          throw new BadInput(
              e.getMessage() + " (--ctx, up to what the model and the memory hold)", e);
        }
        forgotten += n;
      }
    }
  }

  /** Drops the oldest question with its answer; returns how many messages that were. */
  private int forgetOldest() {
    int first = system.isPresent() ? 1 : 0;
    if (turns.size() - first <= 1) return 0;
    int n = 0;
    do {
      turns.remove(first);
      n++;
    } while (!turns.get(first).role().equals("user"));
    return n;
  }

  private void show(TextGeneration generation, StringBuilder answer) throws InterruptedException {
    while (true) {
      switch (generation.next()) {
        case TextEvent.Prompt _ -> {}
        case TextEvent.Text(String piece, var _) -> {
          answer.append(piece);
          lines.show(piece);
        }
        case TextEvent.Done done -> {
          last = Optional.of(done.usage());
          lines.show(ending(done.reason()));
          return;
        }
        case TextEvent.Failed(String message) -> throw new IllegalStateException(message);
      }
    }
  }

  private static String ending(GenerationEvent.Reason reason) {
    return switch (reason) {
      case STOP -> "";
      case LENGTH -> " (the context or -n is full)";
      case CANCELLED, DEADLINE -> " (stopped)";
    };
  }
}
