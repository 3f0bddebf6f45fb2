package org.puna.chat;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.puna.engine.Encoders;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;

/**
 * A model file in this process that turns texts into vectors or ranks documents: the files, the
 * workers that compute, and the {@link Embedder} and {@link Reranker} on them. Closing it ends what
 * runs and unmaps the weights; closing it again does nothing. Safe for many threads.
 */
public final class LocalEncoder implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final Encoders encoders;
  private @Nullable Embedder embedder;
  private @Nullable Reranker reranker;
  private boolean closed;

  private LocalEncoder(Checkpoint checkpoint, Encoders encoders) {
    this.checkpoint = checkpoint;
    this.encoders = encoders;
  }

  /**
   * Opens a model with a worker for each processor.
   *
   * @param path a {@code .gguf} file or a Hugging Face folder: an encoder of BERT's kind, or any
   *     decoder, which embeds too
   * @throws BadInput if it is neither, or anything in it is wrong
   */
  public static LocalEncoder open(Path path) {
    Checkpoint checkpoint = Checkpoint.open(path);
    int threads = Runtime.getRuntime().availableProcessors();
    return new LocalEncoder(checkpoint, Encoders.open(checkpoint, threads));
  }

  /**
   * Returns what turns texts into vectors as the model's files say, made when first asked for.
   *
   * @throws BadInput if the model cannot embed
   * @throws IllegalStateException if this is closed
   */
  public synchronized Embedder embedder() {
    requireOpen();
    if (embedder == null) embedder = Embedder.of(encoders);
    return embedder;
  }

  /**
   * Returns what ranks documents, made when first asked for; pairs that are too long are cut.
   *
   * @throws BadInput if the model has no head that gives one score
   * @throws IllegalStateException if this is closed
   */
  public synchronized Reranker reranker() {
    requireOpen();
    if (reranker == null) reranker = Reranker.of(encoders, true);
    return reranker;
  }

  private void requireOpen() {
    if (closed) throw new IllegalStateException("the model is closed");
  }

  /** Returns the files. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    if (embedder != null) embedder.close();
    if (reranker != null) reranker.close();
    encoders.close();
    checkpoint.close();
  }
}
