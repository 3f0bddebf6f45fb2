package org.puna.engine;

import java.lang.System.Logger.Level;
import org.puna.model.Checkpoint;
import org.puna.model.layers.Result;
import org.puna.tensor.Backend;
import org.puna.tensor.backends.Backends;

/**
 * Makes encoders of a checkpoint on a backend; both must outlive what is made. They stay the
 * caller's, unless the backend was made by {@link #open}: then {@link #close} ends it.
 *
 * @param checkpoint the model
 * @param backend what runs it
 */
public record Encoders(Checkpoint checkpoint, Backend backend) implements AutoCloseable {
  /**
   * Returns what makes encoders on the fastest backend that this JVM can run. Says through {@link
   * System.Logger} which backend it is, as a warning where this JVM lacks the Vector API.
   *
   * @param checkpoint stays the caller's
   * @param threads threads to compute with, at least 1
   */
  public static Encoders open(Checkpoint checkpoint, int threads) {
    return new Encoders(checkpoint, fastest(threads));
  }

  /** Returns the fastest backend and says which it is. */
  static Backend fastest(int threads) {
    Backend backend = Backends.open("auto", threads);
    System.getLogger(Encoders.class.getPackageName())
        .log(Backends.hasVectorModule() ? Level.DEBUG : Level.WARNING, backend.describe());
    return backend;
  }

  /**
   * Returns an encoder whose vectors are the model's final normalised states.
   *
   * @param contextLength tokens of a sequence at most
   */
  public Encoder states(int contextLength) {
    return make(contextLength, Result.HIDDEN);
  }

  /**
   * Returns an encoder whose vectors are the scores of the model's classification head.
   *
   * @throws org.puna.model.config.BadInput if the model has none
   */
  public Encoder scores() {
    return make(checkpoint.config().contextLength(), Result.SCORES);
  }

  private Encoder make(int contextLength, Result result) {
    var graph =
        checkpoint
            .architecture()
            .forward(checkpoint.config(), checkpoint.weights(), contextLength, result);
    return new Encoder(backend, graph, contextLength, Encoder.DEFAULT_STEP);
  }

  /** Ends the backend's threads. */
  @Override
  public void close() {
    backend.close();
  }
}
