package org.puna.benchmarks;

import java.util.Map;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.puna.engine.Sampler;
import org.puna.engine.Sampling;

/**
 * Drawing a token from the logits of Llama 3's vocabulary. Sampling overwrites logits, so each draw
 * begins with a copy, some 30 µs.
 */
public class Drawing extends Measured {
  private static final double TEMPERATURE = 0.8;

  /** Deviation of logits of which thousands hold 95% of the probability. */
  private static final float FLAT = 3;

  /** Tokens that stand out hold 98% of the probability, beside the rest with this deviation. */
  private static final int LIKELY = 40;

  private static final float PEAK = 16;
  private static final float STEP = 0.2f;
  private static final float REST = 2;

  /** How the token is chosen. */
  @Param({"greedy", "plain", "top-k", "top-p", "min-p"})
  String how = "greedy";

  /**
   * How the probability lies: on forty tokens that stand out, as mostly, or on thousands, which is
   * the hardest for what has to rank them.
   */
  @Param({"peaked", "flat"})
  String logitsAre = "peaked";

  /** Logits. */
  @Param("128256")
  int vocabulary = 128_256;

  private float[] given = {};
  private float[] logits = {};
  private Sampler sampler = new Sampler(Sampling.greedy(), Optional.empty(), new int[0]);

  /** Without logits yet. */
  public Drawing() {}

  /** Makes the logits. */
  @Setup
  public void open() {
    given = new Numbers().normal(vocabulary);
    switch (logitsAre) {
      case "flat" -> {
        for (int i = 0; i < vocabulary; i++) given[i] *= FLAT;
      }
      case "peaked" -> {
        for (int i = 0; i < vocabulary; i++) given[i] *= REST;
        for (int i = 0; i < LIKELY; i++) given[i * (vocabulary / LIKELY)] = PEAK - STEP * i;
      }
      default -> throw new IllegalArgumentException("no logits \"" + logitsAre + "\"");
    }
    logits = new float[vocabulary];
    Sampling sampling =
        switch (how) {
          case "greedy" -> Sampling.greedy();
          case "plain" -> with(0, 1, 0);
          case "top-k" -> with(40, 1, 0);
          case "top-p" -> with(0, 0.95, 0);
          case "min-p" -> with(0, 1, 0.05);
          default -> throw new IllegalArgumentException("no way to draw \"" + how + "\"");
        };
    sampler = new Sampler(sampling, Optional.empty(), new int[0]);
  }

  private static Sampling with(int topK, double topP, double minP) {
    return new Sampling(TEMPERATURE, topK, topP, minP, 1, 1, 0, 0, Map.of(), 7);
  }

  /** One token. */
  @Benchmark
  public int sample() {
    System.arraycopy(given, 0, logits, 0, vocabulary);
    return sampler.sample(logits, Integer.MAX_VALUE);
  }
}
