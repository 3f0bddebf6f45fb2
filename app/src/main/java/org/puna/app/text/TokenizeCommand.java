package org.puna.app.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Table;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/** Turns text into token ids and back. */
@Command(
    name = "tokenize",
    description = {
      "Turns text into token ids, or ids into text.",
      "The text is the argument, else all of standard input."
    },
    footer = {
      "",
      "Examples:",
      "  puna tokenize model.gguf \"Hello, world\"",
      "  puna tokenize tokenizer.json --pieces \"Hello, world\"",
      "  puna tokenize tokenizer.model --special \"<|begin_of_text|>Hello\"",
      "  puna tokenize model.gguf --decode \"9906 11 1917\"",
      "  puna tokenize model.gguf --jsonl < strings.jsonl > ids.jsonl"
    })
public final class TokenizeCommand implements Callable<Integer> {
  private static final Pattern APART = Pattern.compile("[\\s,]+");

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "A model, or a tokenizer file: tokenizer.json, a SentencePiece or tiktoken .model.")
  private String model = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TEXT",
      description = "The text; with --decode ids apart by spaces or commas.")
  private @Nullable String text;

  @Option(names = "--json", description = "Print a JSON array of ids (with --decode a string).")
  private boolean json;

  @Option(
      names = "--jsonl",
      description = {
        "Read one JSON string a line from standard input and print one JSON array of ids a line",
        "(with --decode arrays in, strings out)."
      })
  private boolean jsonl;

  @Option(
      names = "--special",
      description = {
        "Parse special tokens spelled in the text, and add those that the file says a text begins",
        "and ends with: --parse-special and --add-special together."
      })
  private boolean special;

  @Option(
      names = "--parse-special",
      description = "Parse special tokens spelled in the text, such as <|eot_id|>.")
  private boolean parseSpecial;

  @Option(
      names = "--add-special",
      description = "Add the tokens that the file says a text begins and ends with.")
  private boolean addSpecial;

  @Option(names = "--decode", description = "Turn ids into text.")
  private boolean decode;

  @Option(names = "--hide-special", description = "With --decode, leave special tokens out.")
  private boolean hideSpecial;

  @Option(names = "--pieces", description = "Print each id with its token, one a line.")
  private boolean pieces;

  /** The command. */
  public TokenizeCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    if (jsonl && text != null) {
      throw new BadInput("tokenize --jsonl reads standard input; leave TEXT out");
    }
    Tokenizer tokenizer = TokenizerSource.open(context.store().resolve(model));
    if (jsonl) {
      lines(tokenizer);
    } else if (decode) {
      decodeOne(tokenizer);
    } else {
      encodeOne(tokenizer);
    }
    return Failures.DONE;
  }

  private String given() {
    return text != null ? text : context.readInput();
  }

  private int[] encode(Tokenizer tokenizer, String s) {
    boolean parse = special || parseSpecial;
    return special || addSpecial
        ? tokenizer.encodeWithSpecials(s, parse)
        : tokenizer.encode(s, parse);
  }

  private void encodeOne(Tokenizer tokenizer) {
    int[] ids = encode(tokenizer, given());
    if (json) {
      context.say(array(ids));
    } else if (pieces) {
      Table table = new Table("ID", "TOKEN");
      ObjectMapper mapper = JsonMapper.shared();
      for (int id : ids) {
        table.row(id, mapper.writeValueAsString(tokenizer.token(id)));
      }
      context.console().out().print(table.text());
    } else {
      context.say(Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
  }

  private void decodeOne(Tokenizer tokenizer) {
    String said = decode(tokenizer, ids(given()), "--decode");
    if (json) {
      context.say(JsonMapper.shared().writeValueAsString(said));
    } else {
      context.say(said);
    }
  }

  private static int[] ids(String words) {
    String bare = words.strip().replaceAll("^\\[|\\]$", "").strip();
    if (bare.isEmpty()) {
      return new int[0];
    }
    return APART.splitAsStream(bare).mapToInt(TokenizeCommand::id).toArray();
  }

  private static int id(String word) {
    try {
      return Integer.parseInt(word);
    } catch (NumberFormatException e) {
      throw new BadInput("tokenize --decode: expected token ids, found '" + word + "'", e);
    }
  }

  private String decode(Tokenizer tokenizer, int[] ids, String where) {
    for (int id : ids) {
      if (id < 0 || id >= tokenizer.vocabSize()) {
        throw new BadInput(
            "tokenize "
                + where
                + ": expected ids from 0 to "
                + (tokenizer.vocabSize() - 1)
                + ", found "
                + id);
      }
    }
    return tokenizer.decode(ids, !hideSpecial);
  }

  private void lines(Tokenizer tokenizer) throws IOException {
    ObjectMapper mapper = JsonMapper.shared();
    PrintStream out = context.console().out();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(context.console().in(), StandardCharsets.UTF_8));
    int n = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      n++;
      out.println(
          decode
              ? decodeLine(tokenizer, mapper, line, n)
              : array(encode(tokenizer, string(mapper, line, n))));
      // Whoever asks line by line gets answers line by line; a file is written in large pieces.
      if (!in.ready()) {
        out.flush();
      }
    }
  }

  private String decodeLine(Tokenizer tokenizer, ObjectMapper mapper, String line, int n) {
    JsonNode node = parse(mapper, line, n, "an array of ids");
    if (!node.isArray() || !node.valueStream().allMatch(JsonNode::canConvertToInt)) {
      throw wrong(n, "an array of ids", line);
    }
    int[] ids = node.valueStream().mapToInt(JsonNode::intValue).toArray();
    return mapper.writeValueAsString(decode(tokenizer, ids, "--jsonl line " + n));
  }

  private static String string(ObjectMapper mapper, String line, int n) {
    JsonNode node = parse(mapper, line, n, "a JSON string");
    if (!node.isString()) {
      throw wrong(n, "a JSON string", line);
    }
    return node.stringValue();
  }

  private static JsonNode parse(ObjectMapper mapper, String line, int n, String expected) {
    try {
      return mapper.readTree(line);
    } catch (JacksonException e) {
      throw wrong(n, expected, line);
    }
  }

  private static BadInput wrong(int n, String expected, String line) {
    String found =
        line.isBlank() ? "an empty line" : line.length() > 60 ? line.substring(0, 60) + "…" : line;
    return new BadInput(
        "tokenize --jsonl: standard input line "
            + n
            + ": expected "
            + expected
            + ", found "
            + found);
  }

  private static String array(int[] ids) {
    StringBuilder out = new StringBuilder(8 * ids.length + 2).append('[');
    for (int i = 0; i < ids.length; i++) {
      if (i > 0) {
        out.append(", ");
      }
      out.append(ids[i]);
    }
    return out.append(']').toString();
  }
}
