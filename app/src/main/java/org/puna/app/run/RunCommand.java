package org.puna.app.run;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.puna.chat.TextEvent;
import org.puna.chat.TextGeneration;
import org.puna.engine.Engine;
import org.puna.engine.GenerationEvent;
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
      "The prompt is the argument, else standard input. A model without a chat template continues",
      "the prompt as plain text, and without a prompt it begins a text of its own."
    },
    footer = {
      "",
      "Examples:",
      "  puna run model.gguf \"Why is the sky blue?\"",
      "  puna run model.gguf",
      "  puna run model.gguf --system \"Answer in one sentence.\" < question.txt",
      "  puna run stories260K.gguf --greedy -n 60",
      "  puna run model.gguf --raw --seed 7 --temp 1 --top-p 0.9 \"The llama\""
    })
public final class RunCommand implements Callable<Integer> {
  private static final int DEFAULT_CONTINUATION = 256;
  private static final long SILENCE_MILLIS = 2000;

  private final Context context;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, a name that `models list` shows, or `default`.")
  private String model = "default";

  @Parameters(index = "1", arity = "0..1", paramLabel = "PROMPT", description = "The prompt.")
  private @Nullable String prompt;

  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description =
          "Tokens of an answer at most (default: to its end; 256 without a chat template).")
  private @Nullable Integer maxTokens;

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Positions of context (default: the model's, 8192 at most).")
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

  @Mixin private ModelOptions options = new ModelOptions();

  /** The command. */
  public RunCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    if (maxTokens != null && maxTokens < 1) {
      throw new BadInput("-n: expected at least 1 token, found " + maxTokens);
    }
    try (LoadedModel loaded = LoadedModel.open(context, model, options);
        Engine engine = loaded.engine(loaded.contextLength(contextLength))) {
      new Run(loaded.checkpoint(), engine).go();
    }
    return Failures.DONE;
  }

  /** One loaded model at work. */
  private final class Run {
    private final Checkpoint checkpoint;
    private final Tokenizer tokenizer;
    private final Engine engine;
    private final Sampling draw;
    private final Set<Integer> ends = new HashSet<>();
    private final Optional<Prompter> prompter;

    Run(Checkpoint checkpoint, Engine engine) {
      this.checkpoint = checkpoint;
      this.engine = engine;
      tokenizer = checkpoint.tokenizer();
      draw = sampling.sampling(checkpoint.generation());
      if (!ignoreEnd) {
        ends.addAll(checkpoint.generation().endIds());
        for (int id : tokenizer.endOfGeneration()) {
          ends.add(id);
        }
      }
      prompter = raw ? Optional.empty() : Prompter.of(checkpoint);
    }

    void go() throws Exception {
      Console console = context.console();
      if (prompter.isPresent()) {
        if (prompt == null && console.interactive()) {
          talk(prompter.get());
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

    private List<Turn> turns() {
      String said = prompt != null ? prompt : StandardInput.prompt(context.console().in());
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
        new ChatSession(lines, turns -> chat(p, turns), Optional.ofNullable(system)).run();
      }
    }

    private TextGeneration chat(Prompter p, List<Turn> turns) {
      int[] ids = p.encode(turns);
      int room = Math.max(1, engine.options().contextLength() - ids.length);
      return new TextGeneration(
          engine.submit(new Request(ids, draw, maxTokens == null ? room : maxTokens, ends)),
          tokenizer,
          stops,
          showSpecial);
    }

    private TextGeneration text() throws InterruptedException {
      int[] ids = tokenizer.encodeWithSpecials(begun(), false);
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
      int n = maxTokens == null ? DEFAULT_CONTINUATION : maxTokens;
      return new TextGeneration(
          engine.submit(new Request(ids, draw, n, ends)), tokenizer, ids, stops, showSpecial);
    }

    /** Returns the text to continue: empty where nobody gives one. */
    private String begun() throws InterruptedException {
      if (prompt != null) {
        return prompt;
      }
      Console console = context.console();
      return console.inTerminal()
          ? ""
          : StandardInput.promptWithin(console.in(), SILENCE_MILLIS).orElse("");
    }

    private void print(TextGeneration generation) throws InterruptedException {
      PrintStream out = context.console().out();
      boolean lineEnded = true;
      try (generation) {
        while (true) {
          switch (generation.next()) {
            case TextEvent.Text(String piece, var _) -> {
              out.print(piece);
              out.flush();
              lineEnded = piece.endsWith("\n");
            }
            case TextEvent.Done done -> {
              if (!lineEnded) {
                out.println();
              }
              say(done);
              return;
            }
            case TextEvent.Failed(String message) -> throw new IllegalStateException(message);
          }
        }
      }
    }

    private void say(TextEvent.Done done) {
      int room = engine.options().contextLength();
      GenerationEvent.Usage u = done.usage();
      if (done.reason() == GenerationEvent.Reason.LENGTH
          && u.promptTokens() + u.answerTokens() >= room) {
        context.note("puna: the context of " + room + " tokens is full; a larger --ctx goes on");
      }
      if (stats) {
        context.note(Stats.line(u));
      }
    }
  }
}
