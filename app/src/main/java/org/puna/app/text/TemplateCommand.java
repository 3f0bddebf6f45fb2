package org.puna.app.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.model.Checkpoint;
import org.puna.model.chat.ChatTemplate;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.model.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Renders a conversation by a chat template. */
@Command(
    name = "template",
    description = {
      "Renders a conversation by a model's chat template, or by a Jinja file, as transformers"
          + " does.",
      "Prints the text exactly, without a line end of its own."
    },
    footer = {
      "",
      "Examples:",
      "  puna template model.gguf --messages chat.json",
      "  puna template llama3.jinja --messages chat.json --bos \"<|begin_of_text|>\"",
      "  puna template model.gguf --messages chat.json --tools tools.json --now"
          + " 2026-01-02T03:04:05",
      "  puna template model.gguf --messages - --no-generation-prompt < chat.json",
      "  puna template qwen3.jinja --messages chat.json --set enable_thinking=false"
    })
public final class TemplateCommand implements Callable<Integer> {
  private static final List<String> TEMPLATE_ENDS = List.of(".jinja", ".jinja2", ".j2", ".txt");

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL|FILE.jinja",
      description = "A model, or a file with a template.")
  private String source = "";

  @Option(
      names = {"-m", "--messages"},
      required = true,
      paramLabel = "F.json",
      description =
          "A JSON array of messages, or an object with `messages` (and `tools`); - for standard"
              + " input.")
  private String messages = "";

  @Option(names = "--tools", paramLabel = "F.json", description = "A JSON array of tools.")
  private @Nullable String tools;

  @Option(
      names = "--now",
      paramLabel = "ISO",
      description = "What strftime_now tells, such as 2026-01-02T03:04:05 (default: now).")
  private @Nullable String now;

  @Option(
      names = "--bos",
      paramLabel = "S",
      description = "The token that begins a text (default: the model's).")
  private @Nullable String bos;

  @Option(
      names = "--eos",
      paramLabel = "S",
      description = "The token that ends a text (default: the model's).")
  private @Nullable String eos;

  @Option(
      names = "--no-generation-prompt",
      description = "End after the last message, not where an answer begins.")
  private boolean noGenerationPrompt;

  @Option(
      names = "--set",
      paramLabel = "NAME=JSON",
      description = "A further variable of the template; text that is no JSON is taken as it is.")
  private Map<String, String> variables = new LinkedHashMap<>();

  /** The command. */
  public TemplateCommand(Context context) {
    this.context = context;
  }

  /** A template with the special tokens that its model has. */
  private record Source(ChatTemplate template, @Nullable String bos, @Nullable String eos) {}

  @Override
  public Integer call() throws IOException {
    Source from = source();
    Object given = json("--messages", messages);
    List<?> conversation =
        list("--messages", given instanceof Map<?, ?> m ? m.get("messages") : given);
    List<?> known =
        tools != null
            ? list("--tools", json("--tools", tools))
            : given instanceof Map<?, ?> m && m.get("tools") != null
                ? list("--messages", m.get("tools"))
                : null;
    String text =
        from.template()
            .render(
                conversation,
                known,
                !noGenerationPrompt,
                bos != null ? bos : from.bos(),
                eos != null ? eos : from.eos(),
                now(),
                extra());
    context.console().out().print(text);
    return Failures.DONE;
  }

  private Source source() throws IOException {
    Path file = Path.of(source);
    boolean template = TEMPLATE_ENDS.stream().anyMatch(source::endsWith);
    if (template && Files.isRegularFile(file)) {
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      return new Source(ChatTemplate.parse(text), null, null);
    }
    try (Checkpoint model = Checkpoint.open(context.store().resolve(source))) {
      String text =
          model
              .chatTemplate()
              .orElseThrow(() ->
                  new BadInput(
                      model.path() + ": has no chat template; give a .jinja file in its place"));
      Tokenizer t = model.hasTokenizer() ? model.tokenizer() : null;
      return new Source(
          ChatTemplate.parse(text),
          t == null ? null : spelled(t, t.bos()),
          t == null ? null : spelled(t, t.eos()));
    }
  }

  private static @Nullable String spelled(Tokenizer t, OptionalInt id) {
    return id.isPresent() ? t.token(id.getAsInt()) : null;
  }

  private @Nullable Object json(String option, String file) throws IOException {
    String text =
        file.equals("-")
            ? context.readInput()
            : new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
    try {
      return JsonMapper.shared().readValue(text, Object.class);
    } catch (JacksonException e) {
      throw new BadInput(
          option
              + " "
              + file
              + ": expected JSON, found at line "
              + e.getLocation().getLineNr()
              + " column "
              + e.getLocation().getColumnNr()
              + ": "
              + JsonFault.said(e),
          e);
    }
  }

  private List<?> list(String option, @Nullable Object value) {
    if (value instanceof List<?> l) {
      return l;
    }
    throw new BadInput(
        option
            + ": expected a JSON array, found "
            + (value == null ? "none" : value.getClass().getSimpleName()));
  }

  private LocalDateTime now() {
    if (now == null) {
      return LocalDateTime.now(ZoneId.systemDefault());
    }
    try {
      String text = now.contains("T") || now.contains(" ") ? now.replace(' ', 'T') : now + "T00:00";
      TemporalAccessor t = DateTimeFormatter.ISO_DATE_TIME.parse(text);
      return LocalDateTime.from(t);
    } catch (DateTimeException e) {
      throw new BadInput(
          "--now: expected a time such as 2026-01-02T03:04:05, found '" + now + "'", e);
    }
  }

  private Map<String, @Nullable Object> extra() {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    variables.forEach((name, text) -> out.put(name, value(text)));
    return out;
  }

  private static @Nullable Object value(String text) {
    try {
      return JsonMapper.shared().readValue(text, Object.class);
    } catch (JacksonException e) {
      return text;
    }
  }
}
