package org.puna.app.run;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;
import org.puna.app.cli.Context;
import org.puna.app.cli.Units;
import org.puna.engine.Engine;
import org.puna.engine.EngineOptions;
import org.puna.engine.Evaluator;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvType;
import org.puna.train.lora.Adapters;

/**
 * A model with the backend that runs it. Owns both.
 *
 * @param checkpoint the files
 * @param backend what runs it
 * @param adapters what is added to its matrices
 */
public record LoadedModel(Checkpoint checkpoint, Backend backend, Optional<Adapters> adapters)
    implements AutoCloseable {
  private static final Logger LOG = System.getLogger(LoadedModel.class.getName());

  /**
   * Opens a model without adapters.
   *
   * @param model what the command line names
   * @throws BadInput if there is no such model or something in it is wrong
   */
  public static LoadedModel open(Context context, String model, ModelOptions options) {
    return open(context, model, options, new LoraOptions());
  }

  /**
   * Opens a model.
   *
   * @param model what the command line names
   * @throws BadInput if there is no such model, something in it is wrong, or adapters are not its
   */
  public static LoadedModel open(
      Context context, String model, ModelOptions options, LoraOptions lora) {
    Path path = context.store().resolve(model);
    Checkpoint checkpoint = Checkpoint.open(path);
    try {
      Optional<Adapters> adapters = lora.read(checkpoint);
      return new LoadedModel(checkpoint, options.backend(context.settings()), adapters);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Returns the positions to make room for.
   *
   * @param asked 0 for the default: the model's own context, {@value EngineOptions#DEFAULT_CONTEXT}
   *     at most
   * @throws BadInput if the cache of so many positions cannot fit in the JVM's memory
   */
  public int contextLength(int asked) {
    return contextLength(asked, KvType.F32);
  }

  /**
   * Returns the positions to make room for.
   *
   * @param asked 0 for the default: the model's own context, {@value EngineOptions#DEFAULT_CONTEXT}
   *     at most
   * @param kv how the cache stores keys and values
   * @throws BadInput if the cache of so many positions cannot fit in the JVM's memory
   */
  int contextLength(int asked, KvType kv) {
    ModelConfig c = checkpoint.config();
    if (asked < 0) {
      throw new BadInput(
          "--ctx: expected positions, at least 1, or 0 for the default, found " + asked);
    }
    int n = EngineOptions.contextLength(c, asked);
    double bytes = ModelSize.kvBytes(c, n, kv.bytesPerNumber());
    long most = Runtime.getRuntime().maxMemory();
    if (bytes > most) {
      throw new BadInput(
          "--ctx "
              + n
              + ": the cache of so many positions takes "
              + Units.bytes((long) bytes)
              + " and the JVM has "
              + Units.bytes(most)
              + "; give a smaller --ctx, or more memory with PUNA_JAVA_OPTS=-Xmx…");
    }
    EngineOptions.beyondTraining(c, n).ifPresent(warning -> LOG.log(Level.WARNING, warning));
    return n;
  }

  /** Returns the forward pass for up to this many positions. */
  public Graph graph(int contextLength) {
    Graph plain =
        checkpoint.architecture().forward(checkpoint.config(), checkpoint.weights(), contextLength);
    return adapters.map(a -> a.applied(plain)).orElse(plain);
  }

  /** Returns an engine for one conversation at a time, the caller's to close. */
  Engine engine(int contextLength, KvType kv) {
    EngineOptions options = EngineOptions.single(contextLength).withKv(kv);
    return new Engine(backend, graph(contextLength), options);
  }

  /** Returns an evaluator, the caller's to close. */
  Evaluator evaluator(int contextLength, int chunkTokens, KvType kv) {
    return new Evaluator(backend, graph(contextLength), contextLength, chunkTokens, kv);
  }

  @Override
  public void close() {
    backend.close();
    checkpoint.close();
  }
}
