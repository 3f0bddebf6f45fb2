package org.puna.app.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ResponseFormat;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The options that say what an answer must look like. */
final class FormatOptions {
  @Option(
      names = "--json-schema",
      paramLabel = "FILE|TEXT",
      description =
          "Answer with JSON that validates against this schema: a file, or the schema itself.")
  private @Nullable String jsonSchema;

  @Option(names = "--json-object", description = "Answer with a JSON object.")
  private boolean jsonObject;

  @Option(
      names = "--grammar",
      paramLabel = "FILE",
      description = "Answer with a text of this grammar in GBNF.")
  private @Nullable String grammar;

  @Option(
      names = "--regex",
      paramLabel = "PATTERN",
      description = "Answer with a text that this regular expression matches as a whole.")
  private @Nullable String regex;

  /**
   * Returns the format that the options describe.
   *
   * @throws BadInput if there are two of them, or one cannot be read
   */
  ResponseFormat format() {
    List<String> given = new ArrayList<>();
    if (jsonSchema != null) given.add("--json-schema");
    if (jsonObject) given.add("--json-object");
    if (grammar != null) given.add("--grammar");
    if (regex != null) given.add("--regex");
    if (given.size() > 1) {
      throw new BadInput(
          String.join(" and ", given) + ": expected one of them at most; leave the others out");
    }
    if (jsonSchema != null) {
      return new ResponseFormat.JsonSchema("answer", schema(jsonSchema.strip()), true);
    }
    if (jsonObject) return new ResponseFormat.JsonObject();
    if (grammar != null) return new ResponseFormat.Grammar(read("--grammar", grammar));
    return regex != null ? new ResponseFormat.Regex(regex) : ResponseFormat.TEXT;
  }

  private static JsonNode schema(String given) {
    boolean inline = given.startsWith("{") || given.equals("true") || given.equals("false");
    try {
      return JsonMapper.shared().readTree(inline ? given : read("--json-schema", given));
    } catch (JacksonException e) {
      throw new BadInput(
          "--json-schema: expected a schema in JSON"
              + (inline ? "" : " in " + given)
              + ", found an error: "
              + JsonFault.said(e),
          e);
    }
  }

  private static String read(String option, String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException | InvalidPathException e) {
      throw new BadInput(
          option + ": cannot read " + file + " as a text in UTF-8; check the path", e);
    }
  }
}
