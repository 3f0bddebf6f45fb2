package org.puna.app.run.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import org.puna.app.cli.Medians;
import tools.jackson.databind.ObjectMapper;

/**
 * Measures Puna and a peer in turn, trial by trial and repetition by repetition, so that a machine
 * whose speed drifts drifts for both.
 */
public final class SideBySide implements AutoCloseable {
  private final Peer peer;

  /**
   * Opens the peer.
   *
   * @param where what {@code --peer} named, or empty
   * @param env the environment
   * @param model the file that both run
   * @throws org.puna.model.config.BadInput if there is no peer, with what to do
   */
  public SideBySide(
      String where, Map<String, String> env, Path model, int threads, ObjectMapper mapper) {
    peer = Peers.open(where, env, model, threads, mapper);
  }

  /**
   * Rates of one trial, one for each repetition.
   *
   * @param trial what was measured
   * @param puna tokens per second
   * @param peer tokens per second, empty where the peer cannot do it
   */
  public record Row(Trial trial, List<Double> puna, List<Double> peer) {
    /** Returns the ratio of the medians. */
    OptionalDouble ratio() {
      return peer.isEmpty()
          ? OptionalDouble.empty()
          : OptionalDouble.of(Medians.of(puna) / Medians.of(peer));
    }
  }

  /**
   * Measures.
   *
   * @param repetitions repetitions that count, after one that warms up
   * @param puna measures Puna once
   * @param step runs after each repetition of a trial
   */
  public List<Row> measure(
      List<Trial> trials, int repetitions, ToDoubleFunction<Trial> puna, Runnable step) {
    List<Row> rows = new ArrayList<>();
    for (Trial t : trials) {
      Row row = new Row(t, new ArrayList<>(), new ArrayList<>());
      for (int r = -1; r < repetitions; r++) {
        double ours = puna.applyAsDouble(t);
        OptionalDouble theirs = peer.measure(t);
        if (r >= 0) {
          row.puna().add(ours);
          theirs.ifPresent(row.peer()::add);
        }
        step.run();
      }
      rows.add(row);
    }
    return rows;
  }

  /**
   * Returns a Markdown table.
   *
   * @param head what was measured on what, in a sentence
   */
  public String markdown(String head, List<Row> rows) {
    StringBuilder out = new StringBuilder(head).append("\n\n");
    out.append("| tokens/s | Puna | ")
        .append(peer.name())
        .append(" | ratio |\n|---|---:|---:|---:|\n");
    for (Row r : rows) {
      out.append("| ").append(r.trial().name()).append(" | ").append(rate(r.puna())).append(" | ");
      out.append(r.peer().isEmpty() ? "-" : rate(r.peer())).append(" | ");
      out.append(r.ratio().isEmpty() ? "-" : f("%.2f", r.ratio().getAsDouble())).append(" |\n");
    }
    return out.toString();
  }

  private static String rate(List<Double> x) {
    double[] s = x.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return f("%.1f (%.1f–%.1f)", Medians.of(x), s[0], s[s.length - 1]);
  }

  private static String f(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** Returns the rows for JSON. */
  public List<Map<String, Object>> fields(List<Row> rows) {
    return rows.stream()
        .map(r -> {
          Map<String, Object> f = new LinkedHashMap<>();
          f.put("test", r.trial().name());
          f.put("peer", peer.name());
          f.put("puna_ts", Medians.of(r.puna()));
          f.put("puna_samples_ts", r.puna());
          f.put("peer_ts", r.peer().isEmpty() ? null : Medians.of(r.peer()));
          f.put("peer_samples_ts", r.peer());
          f.put("ratio", r.ratio().isEmpty() ? null : r.ratio().getAsDouble());
          return f;
        })
        .toList();
  }

  /**
   * Returns what a comparison measures; a length of 0 is none.
   *
   * @param prompts lengths of prompts
   * @param generate tokens to generate
   * @param depths tokens already in the context of one stream
   * @param streams sequences together, which start from nothing
   */
  public static List<Trial> trials(
      List<Integer> prompts, List<Integer> generate, List<Integer> depths, int streams) {
    List<Trial> all = new ArrayList<>();
    for (int n : prompts) {
      if (n > 0) all.add(new Trial("prefill " + n, true, n, 0, 1));
    }
    for (int n : generate) {
      if (n == 0) continue;
      String decode = generate.size() == 1 ? "decode, " : "decode " + n + ", ";
      all.add(new Trial(decode + "1 stream", false, n, 0, 1));
      all.add(new Trial(decode + streams + " streams together", false, n, 0, streams));
      for (int d : depths) {
        if (d > 0) all.add(new Trial(decode + "1 stream at " + d, false, n, d, 1));
      }
    }
    return List.copyOf(all);
  }

  /** Ends the peer. */
  @Override
  public void close() {
    peer.close();
  }
}
