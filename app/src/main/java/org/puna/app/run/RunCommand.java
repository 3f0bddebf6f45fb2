package org.puna.app.run;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.chat.ChatAnswer;
import org.puna.chat.ChatEvent;
import org.puna.chat.ChatModel;
import org.puna.chat.ChatRequest;
import org.puna.chat.Message;
import org.puna.chat.ResponseFormat;
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.Constraint;
import org.puna.engine.Engine;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.PromptTooLong;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Generates text: an answer, the continuation of a text, or a conversation. */
@Command(
    name = "run",
    description = {
      "Answers a prompt, or holds a conversation where there is none.",
      "The prompt is the argument, else standard input. Beside an argument, what a",
      "pipe or file brings stands below it after an empty line. A model without a",
      "chat template continues the prompt, and without one begins a text."
    },
    footer = {
      "",
      "Examples:",
      "  puna run default \"Tell me a story.\"",
      "  puna run model.gguf \"Why is the sky blue?\"",
      "  puna run model.gguf",
      "  puna run model.gguf --system \"Answer in one sentence.\" < question.txt",
      "  cat report.txt | puna run model.gguf \"Summarize this:\"",
      "  puna run stories260K.gguf --greedy -n 60",
      "  puna run model.gguf --json-schema person.json \"Invent a person.\"",
      "  puna run model.gguf --regex \"yes|no\" \"Is the sky blue?\"",
      "  puna run model.gguf --raw --seed 7 --temp 1 --top-p 0.9 \"The llama\""
    })
public final class RunCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTINUATION = 256;

  /** The prompt, or the number of tokens, that means another. */
  private static final String STANDARD_INPUT = "-";

  private static final int UNLIMITED = -1;

  /** The part of the context, one in so many, that a conversation leaves to its next answer. */
  private static final int ROOM_PART = 8;

  private final Context context;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, a name that `models list` shows, or `default`.")
  private String model = "default";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PROMPT",
      description = "The prompt; - for standard input.")
  private @Nullable String prompt;

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description =
          "Tokens of an answer at most; -1 for no limit but the context (default: that; 256"
              + " without a chat template).")
  private @Nullable Integer maxTokens;

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Positions of context; 0 for the default: the model's, 8192 at most.")
  private int contextLength;

  @Option(names = "--system", paramLabel = "TEXT", description = "The system message.")
  private @Nullable String system;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End the answer before this text. May be repeated.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = {"--raw", "--no-template"},
      description = "Continue the prompt as plain text, without the model's chat template.")
  private boolean raw;

  @Option(names = "--ignore-eos", description = "Go on after tokens that end an answer.")
  private boolean ignoreEnd;

  @Option(names = "--show-special", description = "Print special tokens as they are spelled.")
  private boolean showSpecial;

  @Option(names = "--stats", description = "Say on standard error what the answer took.")
  private boolean stats;

  @Mixin private SamplingOptions sampling = new SamplingOptions();

  @Mixin private FormatOptions formats = new FormatOptions();

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private KernelOptions options = new KernelOptions();

  @Mixin private LoraOptions lora = new LoraOptions();

  /** Standard input, where no person types at it: read from the beginning. */
  private Optional<StandardInput> input = Optional.empty();

  /** The command. */
  public RunCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    if (maxTokens != null && maxTokens < 1 && maxTokens != UNLIMITED) {
      throw new BadInput(
          "-n: expected at least 1 token, or -1 for as many as the context holds, found "
              + maxTokens);
    }
    ResponseFormat format = formats.format();
    input =
        context.console().inTerminal()
            ? Optional.empty()
            : Optional.of(new StandardInput(context, StandardInput.SILENCE_MILLIS));
    try (LoadedModel loaded = open();
        Engine engine =
            loaded.engine(loaded.contextLength(contextLength, cache.type()), cache.type())) {
      new Run(loaded.checkpoint(), engine, format).go();
    }
    return Failures.DONE;
  }

  /**
   * Loads the model.
   *
   * @throws BadInput also where the first argument was meant to be the prompt
   */
  private LoadedModel open() {
    try {
      return LoadedModel.open(context, model, options, lora);
    } catch (BadInput e) {
      if (prompt == null && model.contains(" ") && !Files.exists(Path.of(model))) {
        throw new BadInput(
            "run: '" + model + "' is no model; a prompt comes second: puna run default \"…\"", e);
      }
      throw e;
    }
  }

  /** One loaded model at work. */
  private final class Run {
    private final Checkpoint checkpoint;
    private final Tokenizer tokenizer;
    private final Engine engine;
    private final Sampling draw;
    private final Set<Integer> ends = new HashSet<>();
    private final Optional<Prompter> prompter;
    private final ResponseFormat format;

    /** Where the answer has a format. */
    private final Optional<ChatModel> formatted;

    Run(Checkpoint checkpoint, Engine engine, ResponseFormat format) {
      this.checkpoint = checkpoint;
      this.engine = engine;
      this.format = format;
      tokenizer = checkpoint.tokenizer();
      draw = sampling.sampling(checkpoint.generation(), tokenizer.vocabSize());
      if (!ignoreEnd) {
        ends.addAll(checkpoint.generation().endIds());
        for (int id : tokenizer.endOfGeneration()) {
          ends.add(id);
        }
      }
      prompter = raw ? Optional.empty() : Prompter.of(checkpoint);
      formatted =
          format instanceof ResponseFormat.Text
              ? Optional.empty()
              : Optional.of(ChatModel.of(checkpoint, engine, Clock.system(ZoneId.systemDefault())));
    }

    void go() throws Exception {
      Console console = context.console();
      if (prompter.isPresent()) {
        if (prompt == null && console.interactive()) {
          talk(prompter.get());
        } else if (formatted.isPresent()) {
          print(formatted(formatted.get(), turns()));
        } else {
          print(chat(prompter.get(), turns()));
        }
      } else {
        if (system != null) {
          throw new BadInput(
              "--system: "
                  + checkpoint.path()
                  + " has no chat template (or --raw was given), so nothing can carry it");
        }
        print(text());
      }
    }

    private List<Turn> turns() throws InterruptedException {
      String said = said();
      if (said.isBlank()) {
        throw new BadInput("run: expected a prompt as argument or on standard input, found none");
      }
      List<Turn> turns = new ArrayList<>();
      if (system != null) {
        turns.add(Turn.system(system));
      }
      turns.add(Turn.user(said));
      return turns;
    }

    private void talk(Prompter p) throws Exception {
      Path history = context.settings().home().resolve("history");
      Files.createDirectories(context.settings().home());
      try (TerminalLines lines = new TerminalLines(history, ChatSession.COMMANDS)) {
        lines.show(checkpoint.name() + ", context " + engine.options().contextLength() + "\n");
        new ChatSession(lines, turns -> next(p, turns), Optional.ofNullable(system)).run();
      }
    }

    /** Answers in a conversation, whose older turns give way where an answer has hardly room. */
    private TextGeneration next(Prompter p, List<Turn> turns) {
      int length = engine.options().contextLength();
      if (turns.stream().filter(t -> t.role().equals("user")).count() > 1) {
        int n = p.encode(p.render(turns)).length;
        if (n > length - length / ROOM_PART) throw new PromptTooLong(n, length);
      }
      return chat(p, turns);
    }

    private TextGeneration chat(Prompter p, List<Turn> turns) {
      String text = p.render(turns);
      int[] ids = p.encode(text);
      int n = maxTokens(room(ids));
      return new TextGeneration(submit(ids, n, text), tokenizer, stops, showSpecial);
    }

    private int room(int[] ids) {
      return Math.max(1, engine.options().contextLength() - ids.length);
    }

    private int maxTokens(int unsaid) {
      return maxTokens == null || maxTokens == UNLIMITED ? unsaid : maxTokens;
    }

    private Generation submit(int[] ids, int n, String text) {
      Optional<Constraint> constraint = formatted.flatMap(m -> m.constraint(format, text));
      return engine.submit(new Request(ids, draw, constraint, n, ends, -1));
    }

    /** An answer of a format, apart from the thoughts before it. */
    private ChatAnswer formatted(ChatModel model, List<Turn> turns) {
      List<Message> messages = new ArrayList<>();
      for (Turn t : turns) {
        messages.add(Message.of(Message.Role.of(t.role()).orElseThrow(), t.content()));
      }
      ChatRequest request = new ChatRequest(messages, draw).withStops(stops).withFormat(format);
      int most = maxTokens(0);
      return model.chat(most == 0 ? request : request.withMaxTokens(most));
    }

    private TextGeneration text() throws InterruptedException {
      int[] ids = ChatModel.encode(tokenizer, begun(), true);
      if (ids.length == 0) {
        ids =
            new int[] {
              tokenizer
                  .bos()
                  .orElseThrow(() ->
                      new BadInput(
                          "run: "
                              + checkpoint.path()
                              + " has no token that begins a text; give a PROMPT"))
            };
      }
      int n = maxTokens == null ? DEFAULT_CONTINUATION : maxTokens(room(ids));
      return new TextGeneration(submit(ids, n, ""), tokenizer, ids, stops, showSpecial);
    }

    /** Returns the text to continue: empty where nobody gives one. */
    private String begun() throws InterruptedException {
      if (prompt != null) return said();
      return input.isPresent() ? input.get().promptOrNothing() : "";
    }

    /** Returns the prompt: the argument with what comes in beside it, else what comes in. */
    private String said() throws InterruptedException {
      if (prompt == null || prompt.equals(STANDARD_INPUT)) {
        return input
            .orElseGet(() -> new StandardInput(context, StandardInput.SILENCE_MILLIS))
            .prompt();
      }
      Optional<String> more = input.isPresent() ? input.get().beside() : Optional.empty();
      return more.isPresent() ? prompt + "\n\n" + more.get() : prompt;
    }

    private void print(TextGeneration generation) throws InterruptedException {
      PrintStream out = context.console().out();
      boolean lineEnded = true;
      try (generation) {
        while (true) {
          switch (generation.next()) {
            case TextEvent.Prompt _ -> {}
            case TextEvent.Text(String piece, var _) -> {
              out.print(piece);
              out.flush();
              lineEnded = piece.endsWith("\n");
            }
            case TextEvent.Done done -> {
              if (!lineEnded) {
                out.println();
              }
              say(done.reason() == GenerationEvent.Reason.LENGTH, done.usage());
              return;
            }
            case TextEvent.Failed(String message) -> throw new IllegalStateException(message);
          }
        }
      }
    }

    /** Prints an answer, and the thoughts before it on standard error. */
    private void print(ChatAnswer answer) throws InterruptedException {
      PrintStream out = context.console().out();
      StringBuilder thoughts = new StringBuilder();
      GenerationEvent.Usage usage = null;
      try (answer) {
        while (true) {
          switch (answer.next()) {
            case ChatEvent.Reasoning(String piece) -> thoughts.append(piece);
            case ChatEvent.Text(String piece, var _) -> {
              if (!thoughts.isEmpty()) context.note(thoughts.toString());
              thoughts.setLength(0);
              out.print(piece);
              out.flush();
            }
            case ChatEvent.Call _ -> {}
            case ChatEvent.Usage(GenerationEvent.Usage u) -> usage = u;
            case ChatEvent.Done done -> {
              out.println();
              if (usage != null) say(done.reason() == ChatEvent.FinishReason.LENGTH, usage);
              return;
            }
            case ChatEvent.Failed(String message) -> throw new IllegalStateException(message);
          }
        }
      }
    }

    private void say(boolean full, GenerationEvent.Usage u) {
      int room = engine.options().contextLength();
      if (full && u.promptTokens() + u.answerTokens() >= room) {
        context.note("puna: the context of " + room + " tokens is full; a larger --ctx goes on");
      }
      if (stats) {
        context.note(Stats.line(u));
      }
    }
  }
}
