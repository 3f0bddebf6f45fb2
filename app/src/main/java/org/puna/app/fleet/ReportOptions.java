package org.puna.app.fleet;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a report is printed. */
final class ReportOptions {
  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--markdown", description = "Print Markdown.")
  private boolean markdown;

  @Option(names = "--html", paramLabel = "FILE", description = "Write one self-contained page.")
  private @Nullable Path html;

  boolean json() {
    return json;
  }

  boolean markdown() {
    return markdown;
  }

  @Nullable Path html() {
    return html;
  }
}
