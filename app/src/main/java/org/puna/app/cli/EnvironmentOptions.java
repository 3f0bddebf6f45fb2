package org.puna.app.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/**
 * Options of a command that the environment gives: {@code --body-limit} by {@code
 * PREFIX_BODY_LIMIT}, the command's arguments by {@code PREFIX_MODELS}. What the command line says
 * wins.
 */
public final class EnvironmentOptions implements IDefaultValueProvider {
  private static final String ARGUMENTS = "MODELS";

  private final String prefix;
  private final Map<String, String> env;

  /**
   * Options of an environment.
   *
   * @param prefix how the names of variables begin, with the underscore
   * @param env the variables, all with that prefix
   */
  public EnvironmentOptions(String prefix, Map<String, String> env) {
    this.prefix = prefix;
    this.env = env;
  }

  @Override
  public @Nullable String defaultValue(ArgSpec arg) {
    if (!arg.isOption()) return null;
    return variable(arg).map(env::get).map(String::strip).orElse(null);
  }

  /** Returns what the environment gives beside options, apart at commas; none where it does not. */
  public List<String> arguments() {
    return Arrays.stream(env.getOrDefault(prefix + ARGUMENTS, "").split(","))
        .map(String::strip)
        .filter(a -> !a.isEmpty())
        .toList();
  }

  /** Returns the variable that is set and gives an option. */
  private Optional<String> variable(ArgSpec arg) {
    return names(arg).stream().filter(env::containsKey).findFirst();
  }

  /** Returns the variables that can give an option: one for each long name. */
  private List<String> names(ArgSpec arg) {
    return switch (arg) {
      case PositionalParamSpec _ -> List.of(prefix + ARGUMENTS);
      // Those of every command: help, version, debug, verbose.
      case OptionSpec o when o.inherited() -> List.of();
      case OptionSpec o ->
          Arrays.stream(o.names())
              .filter(n -> n.startsWith("--"))
              .map(n -> prefix + n.substring(2).replace('-', '_').toUpperCase(Locale.ROOT))
              .toList();
      default -> List.of();
    };
  }

  /** Returns a line for each variable that is no option of a command. */
  public List<String> unknown(CommandSpec spec) {
    // Compared without the prefix, which they all share.
    List<String> known =
        spec.args().stream()
            .flatMap(a -> names(a).stream())
            .map(n -> n.substring(prefix.length()))
            .toList();
    return env.keySet().stream()
        .map(v -> v.substring(prefix.length()))
        .filter(v -> !known.contains(v))
        .map(v ->
            prefix
                + v
                + ": is the variable of no option and changes nothing"
                + Nearest.of(v, known).map(n -> "; did you mean " + prefix + n + "?").orElse(""))
        .toList();
  }

  /**
   * Returns what was said of a mistake with variables in place of the options that they gave.
   *
   * @param said names options as the command line writes them
   * @param spec the command, after it was parsed
   */
  public String named(String said, CommandSpec spec) {
    String out = said;
    for (OptionSpec o : spec.options()) {
      Optional<String> variable = variable(o);
      if (variable.isEmpty() || given(o, spec)) continue;
      for (String name : o.names()) {
        // Not within a longer name: --keys is no part of --keys-file.
        String whole = "(?:option )?'?(?<![\\w-])\\Q" + name + "\\E(?![\\w-])'?";
        out = out.replaceAll(whole, variable.get());
      }
    }
    return out;
  }

  /** Whether the command line gives an option, rightly or not. */
  private static boolean given(OptionSpec o, CommandSpec spec) {
    ParseResult parsed = spec.root().commandLine().getParseResult();
    if (parsed == null) return false;
    return parsed.originalArgs().stream()
        .anyMatch(a -> Arrays.stream(o.names()).anyMatch(n -> gives(a, n)));
  }

  /** Whether an argument is an option: --port, --port=1, -p, -p1. */
  private static boolean gives(String argument, String name) {
    return argument.equals(name)
        || argument.startsWith(name + "=")
        || !name.startsWith("--") && argument.startsWith(name);
  }
}
