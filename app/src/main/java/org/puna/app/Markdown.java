package org.puna.app;

import java.util.LinkedHashSet;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Writes the help of all commands as one Markdown page, so that the page stays true. */
final class Markdown {
  private Markdown() {}

  static String page(CommandLine root) {
    StringBuilder out = new StringBuilder();
    out.append("# The command line\n\n");
    out.append("Written by `puna help --markdown`; a test compares it. ");
    out.append("Results go to standard output, progress and notes to standard error. ");
    out.append("Exit status: 0 done, 2 a mistake in what was given, 1 a failure.\n");
    section(root, out, 2);
    return out.toString();
  }

  private static void section(CommandLine at, StringBuilder out, int level) {
    out.append('\n').append("#".repeat(level)).append(' ');
    out.append(at.getCommandSpec().qualifiedName()).append("\n\n```\n");
    out.append(at.getUsageMessage(Ansi.OFF).stripTrailing()).append("\n```\n");
    for (CommandLine sub : new LinkedHashSet<>(at.getSubcommands().values())) {
      section(sub, out, Math.min(level + 1, 4));
    }
  }
}
