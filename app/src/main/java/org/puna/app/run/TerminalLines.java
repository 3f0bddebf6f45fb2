package org.puna.app.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Lines that a person edits at a terminal, with a history kept between conversations. */
final class TerminalLines implements Lines {
  private static final String PROMPT = "> ";

  private final Terminal terminal;
  private final LineReader reader;

  /**
   * Takes the terminal of this process.
   *
   * @param history file of the lines of earlier conversations
   * @param commands words to complete
   */
  TerminalLines(Path history, List<String> commands) {
    try {
      terminal = TerminalBuilder.builder().system(true).dumb(true).build();
    } catch (IOException e) {
      throw new UncheckedIOException("terminal: " + e.getMessage(), e);
    }
    reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("puna")
            .completer(new StringsCompleter(commands))
            .variable(LineReader.HISTORY_FILE, history)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
  }

  @Override
  public Optional<String> next() {
    try {
      return Optional.of(reader.readLine(PROMPT));
    } catch (UserInterruptException e) {
      show("(Ctrl-D or /exit leaves)\n");
      return Optional.of("");
    } catch (EndOfFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public void onInterrupt(Runnable action) {
    terminal.handle(Terminal.Signal.INT, signal -> action.run());
  }

  @Override
  public void show(String text) {
    terminal.writer().write(text);
    terminal.writer().flush();
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      throw new UncheckedIOException("terminal: " + e.getMessage(), e);
    }
  }
}
