package org.puna.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What operations have done so far; JMH divides by the time and prints each as a row of its own, as
 * {@code linear:gigabytes}.
 */
public final class Rates {
  private Rates() {}

  /** Memory that has to be read or written at least once. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Bytes {
    /** 10⁹ bytes. */
    public double gigabytes;

    /** Nothing yet. */
    public Bytes() {}

    void add(double bytes) {
      gigabytes += bytes * 1e-9;
    }
  }

  /** Floating-point operations; a multiplication and an addition count two. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Flops {
    /** 10⁹ operations. */
    public double gflop;

    /** Nothing yet. */
    public Flops() {}

    void add(double operations) {
      gflop += operations * 1e-9;
    }
  }

  /** Text that has been read. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Text {
    /** 10⁶ bytes of UTF-8. */
    public double megabytes;

    /** Nothing yet. */
    public Text() {}

    void add(double bytes) {
      megabytes += bytes * 1e-6;
    }
  }
}
