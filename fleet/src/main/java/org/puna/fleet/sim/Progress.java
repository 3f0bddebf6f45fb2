package org.puna.fleet.sim;

/** Hears how far a simulation is; called every few thousand events, on the simulating thread. */
@FunctionalInterface
public interface Progress {
  /** Hears nothing. */
  Progress NONE = (now, horizon, events) -> {};

  /**
   * The simulation has reached a time.
   *
   * @param nowMillis simulated ms since the start
   * @param horizonMillis when the simulation ends at the latest
   * @param events events handled so far
   */
  void at(long nowMillis, long horizonMillis, long events);
}
