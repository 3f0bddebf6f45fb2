package org.puna.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.Tool;
import org.puna.chat.ToolChoice;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.Fields;
import tools.jackson.databind.JsonNode;

/** Reads tools and the choice among them. */
public final class ToolFields {
  private static final List<String> CHOICES = List.of("none", "auto", "required");

  private ToolFields() {}

  /** Returns the tools of a chat request. */
  static List<Tool> read(Fields body) {
    List<Tool> out = new ArrayList<>();
    for (Fields t : body.objects("tools")) {
      String type = t.requiredText("type");
      if (!type.equals("function")) {
        throw ApiFailure.field(t.path("type"), "expected function, found '" + type + "'");
      }
      out.add(tool(t.requiredObject("function")));
    }
    return out;
  }

  /** Returns a function with its name, description and parameters. */
  public static Tool tool(Fields f) {
    String name = f.requiredText("name");
    if (!name.matches("[a-zA-Z0-9_.:-]{1,128}")) {
      throw ApiFailure.field(
          f.path("name"),
          "expected letters, digits, _, -, . and :, 128 at most, found '" + name + "'");
    }
    return new Tool(
        name,
        f.text("description").orElse(""),
        f.object("parameters")
            .map(Fields::toMap)
            .orElse(Map.of("type", "object", "properties", Map.of())));
  }

  /** Returns the choice of a request; auto where it says nothing. */
  public static ToolChoice choice(Fields body, List<Tool> tools) {
    Optional<JsonNode> choice = body.any("tool_choice");
    if (choice.isEmpty()) return new ToolChoice.Auto();
    if (choice.get().isString()) {
      return switch (body.oneOf("tool_choice", CHOICES).orElseThrow()) {
        case "none" -> new ToolChoice.None();
        case "required" -> {
          if (tools.isEmpty()) {
            throw ApiFailure.field("tool_choice", "required needs tools, found none");
          }
          yield new ToolChoice.Required();
        }
        default -> new ToolChoice.Auto();
      };
    }
    Fields f = body.requiredObject("tool_choice");
    String type = f.requiredText("type");
    if (!type.equals("function")) {
      throw ApiFailure.field(f.path("type"), "expected function, found '" + type + "'");
    }
    String name =
        f.has("function")
            ? f.requiredObject("function").requiredText("name")
            : f.requiredText("name");
    if (tools.stream().noneMatch(t -> t.name().equals(name))) {
      throw ApiFailure.field("tool_choice", "expected one of the tools, found '" + name + "'");
    }
    return new ToolChoice.Function(name);
  }
}
