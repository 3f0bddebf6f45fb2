package org.puna.app.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.train.tune.ChatFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes conversations out of books, to fine-tune a storyteller with. */
@Command(
    name = "chats",
    description = {
      "Makes conversations out of books, to fine-tune a storyteller with.",
      "Somebody asks for a story about something, and a passage of a book answers."
    },
    footer = {
      "",
      "Examples:",
      "  puna chats books --out chats.jsonl",
      "  puna chats books/grimm.md books/aesop.md --per-section 2 --out chats.jsonl",
      "  puna chats books --about introductions.jsonl --out chats.jsonl"
    })
public final class ChatsCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description = "Folders and files of texts (.md, .txt, .jsonl, .parquet).")
  private List<Path> paths = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "Receives a conversation on each line.")
  private Path out = Path.of("");

  @Option(
      names = "--characters",
      paramLabel = "N",
      description = "Characters of an answer at most (${DEFAULT-VALUE}).")
  private int characters = 1200;

  @Option(
      names = "--per-section",
      paramLabel = "N",
      description = "Passages of a chapter or tale at most (${DEFAULT-VALUE}).")
  private int perSection = 4;

  @Option(
      names = "--about",
      paramLabel = "FILE",
      description = "Conversations to add, such as those in which the model says what it is.")
  private @Nullable Path about;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description = "How often the added conversations are repeated (${DEFAULT-VALUE}).")
  private int repeat = 1;

  @Option(names = "--seed", paramLabel = "N", description = "Of the order (${DEFAULT-VALUE}).")
  private long seed = 1;

  /** Makes the command. */
  public ChatsCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    var options =
        new ChatFile.Options(
            characters, perSection, java.util.Optional.ofNullable(about), repeat, seed);
    int n = ChatFile.write(paths, options, out);
    context.note(String.format(Locale.ROOT, "%s: %,d conversations", out, n));
    return Failures.DONE;
  }
}
