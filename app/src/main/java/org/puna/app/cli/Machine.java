package org.puna.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What a measurement was made on, as far as the operating system and the JVM tell. */
public final class Machine {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  private Machine() {}

  /**
   * Returns processor, cores, threads, system, Java and day in a line, for the head of a table.
   *
   * @param threads that the measurement uses
   */
  public static String line(int threads) {
    return String.format(
        Locale.ROOT,
        "%s, %d cores, %d threads, %s %s, Java %s, %s",
        processor(PROCESSORS, System.getenv()),
        Runtime.getRuntime().availableProcessors(),
        threads,
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.version(),
        LocalDate.now(ZoneId.systemDefault()));
  }

  /** Returns the processor's model, or "processor unknown". */
  public static String processor() {
    return processor(PROCESSORS, System.getenv());
  }

  /**
   * Returns the processor's model.
   *
   * @param file Linux' description of the processors
   * @param env where Windows has it
   */
  static String processor(Path file, Map<String, String> env) {
    return value(file, "model name")
        .findFirst()
        .orElseGet(() -> env.getOrDefault("PROCESSOR_IDENTIFIER", "processor unknown"));
  }

  /** Returns the most bytes that this process has had in memory, where the system tells. */
  public static OptionalLong mostBytes() {
    return mostBytes(STATUS);
  }

  static OptionalLong mostBytes(Path file) {
    return value(file, "VmHWM")
        .filter(v -> v.matches("\\d{1,12} kB"))
        .mapToLong(v -> Long.parseLong(v.substring(0, v.indexOf(' '))) << 10)
        .findFirst();
  }

  /** Returns the values of a key in a file of lines {@code key: value}. */
  private static Stream<String> value(Path file, String key) {
    if (!Files.isReadable(file)) return Stream.empty();
    try {
      return Files.readAllLines(file).stream()
          .map(l -> l.split(":", 2))
          .filter(l -> l.length == 2 && l[0].strip().equals(key) && !l[1].isBlank())
          .map(l -> l[1].strip().replaceAll("\\s+", " "));
    } catch (IOException e) {
      // What the system does not tell is not worth failing for.
      return Stream.empty();
    }
  }
}
