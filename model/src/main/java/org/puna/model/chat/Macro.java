package org.puna.model.chat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How a macro takes its arguments.
 *
 * @param name its name
 * @param signature its parameters
 * @param frames which special names its body reads
 * @param body its body
 */
record Macro(String name, Node.Signature signature, Frames frames, Node.Body body) {

  /**
   * Sets a call's arguments as variables.
   *
   * @param scope of the call
   * @param evaluate of defaults, in that scope
   */
  void bind(Args args, Scope scope, Function<Expr, Value> evaluate) {
    List<String> names = signature.names();
    List<Value> given = args.positional();
    Map<String, Value> rest = new LinkedHashMap<>(args.named());
    boolean explicitCaller = names.contains("caller");
    for (int i = 0; i < names.size(); i++) {
      String parameter = names.get(i);
      Value v = i < given.size() ? given.get(i) : rest.remove(parameter);
      if (v == null) {
        int fromEnd = names.size() - i;
        List<Expr> defaults = signature.defaults();
        v =
            fromEnd <= defaults.size()
                ? evaluate.apply(defaults.get(defaults.size() - fromEnd))
                : new Value.Undefined("parameter '" + parameter + "' was not provided");
      }
      scope.set(parameter, v);
    }
    if (frames.reads(body, "caller") && !explicitCaller) {
      Value caller = rest.remove("caller");
      scope.set("caller", caller == null ? new Value.Undefined("No caller defined") : caller);
    }
    if (frames.reads(body, "kwargs") && !names.contains("kwargs")) {
      Map<Value, Value> entries = Value.newEntries();
      rest.forEach((k, v) -> entries.put(Value.of(k), v));
      scope.set("kwargs", new Value.Dict(entries));
    } else if (!rest.isEmpty()) {
      if (rest.containsKey("caller")) {
        throw new TemplateError(
            "macro '"
                + name
                + "' was invoked with two values for the special caller argument. This is most"
                + " likely a bug.");
      }
      throw new TemplateError(
          "macro '"
              + name
              + "' takes no keyword argument '"
              + rest.keySet().iterator().next()
              + "'");
    }
    if (frames.reads(body, "varargs") && !names.contains("varargs")) {
      scope.set(
          "varargs",
          Value.tuple(
              List.copyOf(given.subList(Math.min(names.size(), given.size()), given.size()))));
    } else if (given.size() > names.size()) {
      throw new TemplateError(
          "macro '" + name + "' takes not more than " + names.size() + " argument(s)");
    }
  }
}
