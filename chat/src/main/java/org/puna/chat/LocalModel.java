package org.puna.chat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;

/**
 * A model file at work in this process: the files, the engine that runs them and the conversations
 * with it. Closing it ends what runs and unmaps the weights; closing it again does nothing. Safe
 * for many threads.
 */
public final class LocalModel implements AutoCloseable {
  /** Conversations at a time where nobody says. */
  public static final int DEFAULT_SEQUENCES = 4;

  private final Checkpoint checkpoint;
  private final Engine engine;
  private final ChatModel chat;

  private LocalModel(Checkpoint checkpoint, Engine engine) {
    this.checkpoint = checkpoint;
    this.engine = engine;
    this.chat = ChatModel.of(checkpoint, engine, Clock.system(ZoneId.systemDefault()));
  }

  /**
   * Opens a model with its own context, {@value EngineOptions#DEFAULT_CONTEXT} positions at most,
   * for {@value #DEFAULT_SEQUENCES} conversations at a time.
   *
   * @param path a {@code .gguf} file or a Hugging Face folder
   * @throws BadInput if it is neither, or anything in it is wrong
   */
  public static LocalModel open(Path path) {
    return open(path, 0, DEFAULT_SEQUENCES);
  }

  /**
   * Opens a model.
   *
   * @param path a {@code .gguf} file or a Hugging Face folder
   * @param contextLength positions of a conversation, 0 for the default
   * @param maxSequences conversations at a time; more wait
   * @throws BadInput if there is no such model, or anything in it is wrong
   */
  public static LocalModel open(Path path, int contextLength, int maxSequences) {
    Checkpoint checkpoint = Checkpoint.open(path);
    try {
      int n = EngineOptions.contextLength(checkpoint.config(), contextLength);
      EngineOptions options = EngineOptions.several(n, maxSequences);
      int threads = Runtime.getRuntime().availableProcessors();
      Engine engine = Engine.open(checkpoint, options, threads);
      try {
        return new LocalModel(checkpoint, engine);
      } catch (RuntimeException e) {
        engine.close();
        throw e;
      }
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /** Returns the model's name: what GGUF says, or the folder's name. */
  public String name() {
    return checkpoint.name();
  }

  /** Returns the model as one that converses. */
  public ChatModel chat() {
    return chat;
  }

  /** Returns the engine. */
  public Engine engine() {
    return engine;
  }

  /** Returns the files. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  @Override
  public void close() {
    engine.close();
    checkpoint.close();
  }
}
