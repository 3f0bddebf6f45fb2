package org.puna.chat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * A function that the model may ask to call.
 *
 * @param name its name
 * @param description what it does, for the model
 * @param parameters JSON Schema of its arguments, as plain Java; its order is what the model sees
 */
public record Tool(String name, String description, Map<String, ?> parameters) {
  /** Checks the name. */
  public Tool {
    if (name.isBlank()) throw new BadInput("tool: expected a name, found none; name the function");
  }

  /** Returns the tool as templates know it. */
  Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", name);
    function.put("description", description);
    function.put("parameters", parameters);
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    out.put("type", "function");
    out.put("function", function);
    return out;
  }
}
