package org.puna.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads what C2 wrote of its compilations ({@code -XX:+UnlockDiagnosticVMOptions
 * -XX:+LogCompilation -XX:LogFile=FILE}) and tells which vector operations and helpers of Puna's
 * compiled loops were left calls, which boxes their vectors, and which helpers came near the number
 * of nodes from where on they are.
 */
public final class Inlining {
  /** What C2's {@code NodeCountInliningCutoff} is, which no flag of a product build changes. */
  private static final int CUTOFF = 18_000;

  /** From here a call is near: what one more operation takes, and what profiles change. */
  private static final int NEAR = CUTOFF * 3 / 5;

  private static final String OURS = "org.puna.";
  private static final String VECTORS = "jdk.incubator.vector.";
  private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)='([^']*)'");

  /**
   * Calls of one kind in one compiled method.
   *
   * @param method what was compiled
   * @param call what it calls
   * @param nodes most nodes that there were when the compiler came to such a call
   * @param left why it stayed a call, or "" where it was expanded
   */
  record Finding(String method, String call, int nodes, String left) {}

  private final Map<List<String>, Finding> findings = new LinkedHashMap<>();

  // Of the compilation that is read: names are numbered anew in each.
  private final Map<String, String> types = new HashMap<>();
  private final Map<String, String> methods = new HashMap<>();
  private final Map<String, Boolean> vectors = new HashMap<>();
  private String compiled = "";
  private String call = "";
  private int nodes;

  private Inlining() {}

  /** Prints the findings of logs. */
  public static void main(String[] files) {
    if (files.length == 0) {
      System.err.println("Inlining: name the files that -XX:LogFile wrote");
      System.exit(2);
    }
    for (String file : files) {
      try {
        print(read(Path.of(file)), System.out);
      } catch (IOException | UncheckedIOException e) {
        System.err.println("Inlining: " + file + " cannot be read: " + e);
        System.exit(1);
      }
    }
  }

  /** Returns the findings of a log, what stayed a call first, then by their nodes. */
  static List<Finding> read(Path log) throws IOException {
    Inlining inlining = new Inlining();
    // Names of methods are bytes of any encoding.
    try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      lines.forEach(line -> inlining.line(line.strip()));
    }
    List<Finding> all = new ArrayList<>(inlining.findings.values());
    all.removeIf(f -> f.left().isEmpty() && f.nodes() < NEAR);
    all.sort(
        Comparator.comparing((Finding f) -> f.left().isEmpty())
            .thenComparing(Comparator.comparingInt(Finding::nodes).reversed()));
    return all;
  }

  private static void print(List<Finding> findings, PrintStream out) {
    out.printf(Locale.ROOT, "%7s  %-44s %-36s %s%n", "nodes", "compiled", "calls", "left a call");
    for (Finding f : findings) {
      out.printf(Locale.ROOT, "%7d  %-44s %-36s %s%n", f.nodes(), f.method(), f.call(), f.left());
    }
  }

  private void line(String line) {
    int end = line.indexOf(' ');
    if (end < 0) return;
    String element = line.substring(0, end);
    if (element.equals("<task")) {
      task(attributes(line));
      return;
    }
    if (compiled.isEmpty()) return;
    switch (element) {
      case "<type", "<klass" -> {
        Map<String, String> a = attributes(line);
        types.put(of(a, "id"), of(a, "name"));
      }
      case "<method" -> method(attributes(line));
      case "<parse", "<parse_done" -> {
        String n = of(attributes(line), "nodes");
        if (!n.isEmpty()) nodes = Integer.parseInt(n);
      }
      case "<call" -> call = of(attributes(line), "method");
      case "<inline_success" -> {
        if (ours(call)) note("");
      }
      case "<inline_fail" -> fail(of(attributes(line), "reason"));
      default -> {}
    }
  }

  private void task(Map<String, String> a) {
    String name = of(a, "method").split(" \\(", 2)[0];
    boolean c2 = of(a, "level").isEmpty() && of(a, "osr_bci").isEmpty();
    compiled = c2 && name.startsWith(OURS) ? simple(name.replace(' ', '.')) : "";
    types.clear();
    methods.clear();
    vectors.clear();
    nodes = 0;
  }

  private void method(Map<String, String> a) {
    String id = of(a, "id");
    methods.put(id, types.getOrDefault(of(a, "holder"), "") + "." + of(a, "name"));
    String all = of(a, "return") + " " + of(a, "arguments");
    vectors.put(
        id,
        Stream.of(all.split(" "))
            .anyMatch(type -> types.getOrDefault(type, "").startsWith(VECTORS)));
  }

  private boolean ours(String method) {
    return methods.getOrDefault(method, "").startsWith(OURS) && vectors.getOrDefault(method, false);
  }

  /**
   * A helper of ours that stays a call boxes. So does an operation of the API that is chosen by
   * class past the limit; before it the compiler comes back once it knows the class.
   */
  private void fail(String reason) {
    boolean chosen = reason.equals("virtual call") && nodes > CUTOFF;
    boolean operation = methods.getOrDefault(call, "").startsWith(VECTORS);
    if (ours(call) || chosen && operation) note(reason);
  }

  private void note(String left) {
    String name = simple(methods.getOrDefault(call, ""));
    Finding now = new Finding(compiled, name, nodes, left);
    findings.merge(List.of(compiled, name, left), now, (a, b) -> a.nodes() >= b.nodes() ? a : b);
  }

  private static Map<String, String> attributes(String line) {
    Map<String, String> found = new HashMap<>();
    Matcher m = ATTRIBUTE.matcher(line);
    while (m.find()) found.put(m.group(1), m.group(2));
    return found;
  }

  private static String of(Map<String, String> attributes, String name) {
    return attributes.getOrDefault(name, "");
  }

  /** The class and the method, without the package. */
  private static String simple(String name) {
    int method = name.lastIndexOf('.');
    return name.substring(name.lastIndexOf('.', method - 1) + 1);
  }
}
