package org.puna.server.serving;

import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.chat.ChatModel;
import org.puna.chat.Embedder;
import org.puna.chat.Reranker;
import org.puna.engine.Encoders;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.model.Checkpoint;
import org.puna.model.GenerationDefaults;
import org.puna.model.config.ModelConfig;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;
import org.puna.tensor.Backend;

/**
 * A loaded model with what runs it: an engine where it generates, an embedder and a reranker when
 * they are first asked for. Owns all of them.
 */
public final class ServedModel implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ServedModel.class.getName());

  private final String name;
  private final Checkpoint checkpoint;
  private final ServingOptions options;
  private final boolean changed;
  private final @Nullable Engine engine;
  private final @Nullable ChatModel chat;
  // What was opened, to be closed in the opposite order.
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private @Nullable Embedder embedder;
  private @Nullable Reranker reranker;

  /**
   * Loads a model.
   *
   * @throws org.puna.model.config.BadInput if something in its files is wrong
   */
  ServedModel(ModelSpec spec, ServingOptions options) {
    this.name = spec.name();
    this.options = options;
    this.changed = spec.changed().isPresent();
    this.checkpoint = opened(Checkpoint.open(spec.path()));
    try {
      ModelConfig config = checkpoint.config();
      if (config.encoder().isPresent()) {
        engine = null;
        chat = null;
      } else {
        int context = EngineOptions.contextLength(config, options.contextLength());
        EngineOptions.beyondTraining(config, context)
            .ifPresent(warning -> LOG.log(Level.WARNING, spec.name() + ": " + warning));
        engine =
            opened(
                new Engine(
                    opened(options.backends().get()),
                    spec.forward().of(checkpoint, context),
                    // Whoever gets as far as the engine has been admitted.
                    EngineOptions.several(context, options.maxSequences())
                        .withKv(options.kv())
                        .withMaxWaiting(EngineOptions.UNLIMITED_WAITING)));
        chat = ChatModel.of(checkpoint, engine, Clock.system(ZoneId.systemDefault()));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T opened(T x) {
    opened.push(x);
    return x;
  }

  /**
   * Returns the model as a partner in conversation.
   *
   * @throws ApiFailure if it does not generate
   */
  public ChatModel chat() {
    if (chat == null) {
      throw new ApiFailure(
          new ApiError.BadRequest(
              "The model '"
                  + name
                  + "' is an encoder: it embeds or ranks texts and does not generate; ask"
                  + " /v1/embeddings or /v1/rerank, or another model",
              Optional.of("model")));
    }
    return chat;
  }

  /**
   * Returns the model as what turns texts into vectors. It computes on workers of its own, so that
   * it and answers that are being given do not wait for each other.
   *
   * @throws org.puna.model.config.BadInput if the model cannot embed
   * @throws ApiFailure if it has adapters, which would not take part
   */
  public synchronized Embedder embedder() {
    unchanged();
    if (embedder == null) {
      Backend own = opened(options.backends().get());
      embedder = opened(Embedder.of(new Encoders(checkpoint, own)));
    }
    return embedder;
  }

  /**
   * Returns the model as what ranks documents.
   *
   * @throws org.puna.model.config.BadInput if the model has no head for it
   * @throws ApiFailure if it has adapters, which would not take part
   */
  public synchronized Reranker reranker() {
    unchanged();
    if (reranker == null) {
      Backend own = opened(options.backends().get());
      reranker = opened(Reranker.of(new Encoders(checkpoint, own), true));
    }
    return reranker;
  }

  private void unchanged() {
    if (!changed) return;
    throw new ApiFailure(
        new ApiError.BadRequest(
            "The model '"
                + name
                + "' has adapters, which take part in generating alone; ask the model that they"
                + " were trained on",
            Optional.of("model")));
  }

  /** Returns what its maker recommends. */
  public GenerationDefaults defaults() {
    return checkpoint.generation();
  }

  /** Returns positions of one sequence at most. */
  public int contextLength() {
    return engine == null ? checkpoint.config().contextLength() : engine.options().contextLength();
  }

  /** Returns what its engine is doing, where it has one. */
  public Optional<Engine.Load> load() {
    return Optional.ofNullable(engine).map(Engine::load);
  }

  /** Returns bytes of weights, copies of them, cache and buffers. */
  public long bytes() {
    return leastBytes() + (engine == null ? 0 : engine.repackedBytes());
  }

  /** Frees copies of weights: answers are the same and come more slowly. */
  void dropRepacked() {
    if (engine != null) engine.dropRepacked();
  }

  /** Returns bytes of weights, cache and buffers, without copies of weights. */
  long leastBytes() {
    return checkpoint.bytes() + load().map(l -> l.cacheBytes() + l.bufferBytes()).orElse(0L);
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        System.getLogger(ServedModel.class.getName())
            .log(System.Logger.Level.WARNING, "a part of model " + name + " did not close", e);
      }
    }
  }
}
