package org.puna.app.run;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.puna.app.cli.Medians;

/**
 * The measurements of one test.
 *
 * @param test its name, such as {@code pp512}
 * @param depth tokens already in the context
 * @param promptTokens tokens read at once, or 0
 * @param generatedTokens tokens one by one, or 0
 * @param nanos time of each repetition
 */
record BenchResult(String test, int depth, int promptTokens, int generatedTokens, long[] nanos) {
  private static final double SECOND = 1e9;

  private double[] rates() {
    return Arrays.stream(nanos)
        .mapToDouble(n -> (promptTokens + generatedTokens) * SECOND / n)
        .toArray();
  }

  /** Returns the mean of tokens per second over the repetitions. */
  double mean() {
    return Arrays.stream(rates()).average().orElse(0);
  }

  /** Returns the sample standard deviation of tokens per second, 0 for one repetition. */
  double deviation() {
    return deviation(rates());
  }

  private static double deviation(double[] x) {
    double mean = Arrays.stream(x).average().orElse(0);
    double squares = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum();
    return x.length > 1 ? Math.sqrt(squares / (x.length - 1)) : 0;
  }

  /** Returns the figures under llama-bench's names. */
  Map<String, Object> fields() {
    double[] times = Arrays.stream(nanos).asDoubleStream().toArray();
    Map<String, Object> f = new LinkedHashMap<>();
    f.put("test", test);
    f.put("n_depth", depth);
    f.put("n_prompt", promptTokens);
    f.put("n_gen", generatedTokens);
    f.put("avg_ns", Math.round(Arrays.stream(times).average().orElse(0)));
    f.put("stddev_ns", Math.round(deviation(times)));
    f.put("avg_ts", mean());
    f.put("stddev_ts", deviation());
    f.put("median_ts", nanos.length == 0 ? 0 : Medians.of(rates()));
    f.put("samples_ts", rates());
    return f;
  }
}
