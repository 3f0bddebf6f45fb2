package org.puna.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.model.arch.Architecture;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.io.MappedFile;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Graph;
import org.puna.tensor.Param;
import org.puna.train.data.Batches;
import org.puna.train.data.Fingerprint;
import org.puna.train.data.MicroBatch;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.optim.AdamW;
import org.puna.train.optim.Muon;
import org.puna.train.optim.Optimizer;
import org.puna.train.params.Parameters;

/**
 * One run from its first or its next step to the last: steps, measures, samples, checkpoints, and
 * at the end the model as a folder that others load.
 */
public final class TrainingRun {
  /** In a run's folder: one line that says how it ended, once it has. */
  public static final String ENDING = "ending.txt";

  private final Path folder;
  private final Recipe recipe;
  private final Model model;
  private final Batches batches;
  private final HeldOut heldOut;
  private final int threads;
  private final Watcher watcher;
  private final Optimizer optimizer;
  private final Network network;
  private final Trainer trainer;
  private final Checkpoints checkpoints;

  /**
   * The model of a run.
   *
   * @param config its sizes
   * @param weights what is trained, and what is not
   * @param recorded records the forward pass over these weights
   * @param origins fingerprints of what was given to begin with, by what it is, such as {@code
   *     model}; a run that goes on must be given the same
   * @param tokenizer where there is one
   * @param chat lays a prompt of a sample out as the model's template does; empty for a model that
   *     continues texts
   * @param release writes what the run has made, a model into the given folder, and returns what it
   *     wrote
   */
  public record Model(
      ModelConfig config,
      Parameters weights,
      Supplier<Graph> recorded,
      Map<String, String> origins,
      Optional<Tokenizer> tokenizer,
      Optional<Function<String, int[]>> chat,
      Function<Path, List<Path>> release) {
    /** Copies the fingerprints. */
    public Model {
      origins = Map.copyOf(origins);
    }

    /** Returns the same model with another thing that it begins with. */
    public Model beginningWith(String what, String fingerprint) {
      Map<String, String> more = new LinkedHashMap<>(origins);
      more.put(what, fingerprint);
      return new Model(config, weights, recorded, more, tokenizer, chat, release);
    }

    /** Returns the same model, which answers. */
    public Model answering(Function<String, int[]> prompts) {
      return new Model(
          config, weights, recorded, origins, tokenizer, Optional.of(prompts), release);
    }

    /** Returns the forward pass over these weights. */
    public Graph graph() {
      return recorded.get();
    }

    /** Returns a fingerprint of weights. */
    public static String origin(List<Param> weights) {
      Fingerprint f = new Fingerprint();
      for (Param p : weights) f.add(p.name()).addEnds(p.tensor().data());
      return f.text();
    }

    /**
     * Returns a model that is trained whole from its first weights on and released as a Hugging
     * Face folder.
     *
     * @param length positions of a window, by which LongRoPE chooses its factors
     * @param tokenizerFolder the folder of the tokenizer's files
     */
    public static Model anew(
        Architecture architecture,
        ModelConfig config,
        Parameters weights,
        int length,
        Optional<Tokenizer> tokenizer,
        Optional<Path> tokenizerFolder) {
      return new Model(
          config,
          weights,
          () -> architecture.forward(config, weights, length),
          Map.of("model", ""),
          tokenizer,
          Optional.empty(),
          to -> {
            ModelFolder.write(to, architecture, config, weights, tokenizer, tokenizerFolder);
            return List.of(to);
          });
    }

    /**
     * Returns a model that is trained further, whole, and released as a Hugging Face folder.
     *
     * @param base the model before; it stays open while the run lasts
     * @param length positions of a window, by which LongRoPE chooses its factors
     */
    public static Model further(Checkpoint base, Parameters weights, int length) {
      ModelConfig config = base.config();
      return new Model(
          config,
          weights,
          () -> base.architecture().forward(config, weights, length),
          Map.of("model", origin(weights.all())),
          base.hasTokenizer() ? Optional.of(base.tokenizer()) : Optional.empty(),
          Optional.empty(),
          to -> {
            ModelFolder.write(to, base, weights);
            return List.of(to);
          });
    }
  }

  /** How a run ended. */
  public enum Ending {
    /** All steps are done. */
    COMPLETE,
    /** It was asked to stop, and saved. */
    STOPPED
  }

  /**
   * Prepares a run.
   *
   * @param folder receives everything; it stays held while the run lasts
   * @param recipe resolved
   * @param heldOut what is measured now and then, maybe nothing
   * @throws BadInput if the JVM has too little memory, or the batches are fewer than the steps
   */
  public TrainingRun(
      RunFolder folder,
      Recipe recipe,
      Model model,
      Batches batches,
      HeldOut heldOut,
      Compute compute,
      int threads,
      Watcher watcher) {
    this.folder = folder.path();
    this.recipe = recipe;
    this.model = model;
    this.batches = batches;
    this.threads = threads;
    this.watcher = watcher;
    this.heldOut = heldOut;
    if (recipe.whole("steps") > batches.steps()) {
      throw new BadInput(
          "steps: the file of batches has "
              + batches.steps()
              + ", found "
              + recipe.whole("steps")
              + "; leave it out");
    }
    Parameters w = model.weights();
    Graph graph = model.graph();
    var gradients = w.gradients();
    long numbers = w.trainedNumbers() * Float.BYTES;
    long frozen = w.all().stream().mapToLong(p -> p.tensor().data().byteSize()).sum();
    int rows = Math.max(batches.maxRows(), heldOut.maxRows());
    Memory memory =
        new Memory(
            frozen,
            numbers,
            2 * numbers,
            Network.bytes(graph, gradients.keySet(), recipe.recompute(), rows));
    recipe.shortSchedule().ifPresent(watcher::note);
    watcher.note(memory.describe());
    memory.check(Runtime.getRuntime().maxMemory());
    network =
        new Network(
            graph,
            gradients,
            recipe.recompute(),
            rows,
            compute.kernels(),
            compute.grads(),
            compute.team());
    var adam =
        new AdamW.Options(
            recipe.number("optimizer.beta1"),
            recipe.number("optimizer.beta2"),
            recipe.number("optimizer.eps"),
            recipe.number("optimizer.decay"));
    optimizer =
        switch (recipe.text("optimizer.name")) {
          case "adamw" -> new AdamW(w.trained(), adam, compute.grads(), compute.team());
          case "muon" ->
              new Muon(
                  w.trained(),
                  new Muon.Options(
                      recipe.number("optimizer.momentum"),
                      recipe.number("optimizer.matrix_lr"),
                      recipe.number("optimizer.decay"),
                      adam),
                  compute.grads(),
                  compute.team());
          default -> throw new IllegalStateException(recipe.text("optimizer.name"));
        };
    trainer =
        new Trainer(
            network,
            w.trained(),
            optimizer,
            recipe.schedule(),
            recipe.number("clip"),
            recipe.number("stop_above"),
            compute.grads(),
            compute.team());
    checkpoints =
        new Checkpoints(
            this.folder.resolve("checkpoints"),
            recipe.size("checkpoint.keep", 1, 1000),
            model.beginningWith("text", batches.fingerprint()).origins());
  }

  /**
   * Runs.
   *
   * @param resume whether to go on from the newest checkpoint, where there is one
   * @param stop asked after each step
   * @throws Diverged if the loss is no number or explodes: the message names the last good
   *     checkpoint
   * @throws BadInput if the checkpoints are of another run, or the folder cannot be written
   */
  public Ending run(boolean resume, BooleanSupplier stop) {
    String text = recipe.yaml();
    long done = 0;
    long tokens = 0;
    if (resume) {
      Optional<Checkpoints.Position> at =
          checkpoints.restore(text, model.weights().trained(), optimizer);
      if (at.isPresent()) {
        done = at.get().step();
        tokens = at.get().tokens();
        watcher.note("continuing after step " + done + " from " + at.get().path());
      }
    }
    OutputFile.writeText(folder.resolve("recipe.yaml"), text);
    long steps = recipe.whole("steps");
    watcher.begin(done, steps);
    Path ended = folder.resolve(ENDING);
    delete(ended);
    try (Journal metrics = new Journal(folder.resolve("metrics.jsonl"), done);
        Journal samples = new Journal(folder.resolve("samples.jsonl"), done)) {
      if (done == 0) save(0, 0, text);
      Ending ending;
      try {
        ending = steps(done, tokens, steps, text, metrics, samples, stop);
      } catch (Diverged e) {
        String why = e.getMessage() + "; " + lastGood() + "; try a lower optimizer.lr";
        OutputFile.writeText(ended, why + "\n");
        throw new Diverged(why);
      }
      Report.write(folder, recipe.text("name"), text);
      // A stopped run's model is written too: it can be used, and training goes on from the
      // checkpoint.
      for (Path p : model.release().apply(folder.resolve("model"))) watcher.note("written: " + p);
      OutputFile.writeText(
          ended, ending == Ending.COMPLETE ? "all steps are done\n" : "stopped; nothing is lost\n");
      return ending;
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw MappedFile.unreadable(file, e);
    }
  }

  private Ending steps(
      long done,
      long tokens,
      long steps,
      String text,
      Journal metrics,
      Journal samples,
      BooleanSupplier stop) {
    double flops =
        ModelSize.trainingFlops(
                    model.config(),
                    recipe.size("batch.length", 1, 1 << 24),
                    ModelSize.AttentionCount.CAUSAL)
                .total()
            * batches.tokensPerStep();
    long every = Math.max(1, recipe.whole("checkpoint.every"));
    for (long step = done; step < steps; step++) {
      long begun = System.nanoTime();
      List<? extends Part> parts = batches.step(step);
      Trainer.Result r = trainer.step(step, parts);
      tokens += batches.tokensPerStep();
      double seconds = (System.nanoTime() - begun) / 1e9;
      StepReport report =
          new StepReport(step, r.loss(), r.gradNorm(), r.lr(), tokens, seconds, flops);
      boolean last = step + 1 == steps;
      metrics.add(line(report, due("validation.every", step, last)));
      watcher.stepped(report, batches.tokensPerStep());
      if (due("samples.every", step, last)) sample(step, samples);
      boolean stopping = stop.getAsBoolean();
      if (last || stopping || (step + 1) % every == 0) {
        trainer.check(step, parts);
        save(step + 1, tokens, text);
        Report.write(folder, recipe.text("name"), text);
      }
      if (stopping && !last) {
        watcher.note("stopped after step " + (step + 1) + "; continue with --resume");
        return Ending.STOPPED;
      }
    }
    return Ending.COMPLETE;
  }

  private String lastGood() {
    return checkpoints
        .newest()
        .map(p -> "the last good checkpoint is " + p)
        .orElse("there is no checkpoint");
  }

  private boolean due(String key, long step, boolean last) {
    long every = recipe.whole(key);
    return every > 0 && ((step + 1) % every == 0 || last);
  }

  private Map<String, Object> line(StepReport r, boolean measure) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("step", r.step());
    m.put("loss", r.loss());
    m.put("grad_norm", r.gradNorm());
    m.put("lr", r.lr());
    m.put("tokens", r.tokens());
    m.put("tokens_per_second", r.tokensPerSecond(batches.tokensPerStep()));
    m.put("seconds", r.seconds());
    m.put("flops_per_second", r.seconds() > 0 ? r.flops() / r.seconds() : 0);
    m.putAll(batches.found());
    if (measure && heldOut.counts()) {
      double loss = Trainer.measure(network, heldOut.parts());
      if (!Double.isFinite(loss)) {
        throw new Diverged("step " + (r.step() + 1) + ": the held-out loss is " + loss);
      }
      m.put("validation_loss", loss);
      m.put("validation_tokens", heldOut.tokens());
      bytesPerToken().ifPresent(b -> m.put("bits_per_byte", loss / Math.log(2) / b));
      Map<String, Double> more = heldOut.found().get();
      more.forEach((name, value) -> m.put("validation_" + name, value));
      StringBuilder said = new StringBuilder();
      said.append(String.format(Locale.ROOT, "step %d: held-out loss %.4f", r.step() + 1, loss));
      more.forEach((name, v) -> said.append(String.format(Locale.ROOT, ", %s %.4f", name, v)));
      watcher.note(said.toString());
    }
    return m;
  }

  private Optional<Double> bytesPerToken() {
    if (model.tokenizer().isEmpty()) return Optional.empty();
    Tokenizer t = model.tokenizer().get();
    long bytes = 0;
    long counted = 0;
    // The ends of a document and of an answer are guessed as well but have no bytes.
    Set<Integer> ends = new HashSet<>();
    t.eos().ifPresent(ends::add);
    for (int id : t.endOfGeneration()) ends.add(id);
    for (Part p : heldOut.parts()) {
      if (!(p instanceof MicroBatch b)) return Optional.empty();
      for (int id : b.targets()) {
        if (!ends.contains(id)) bytes += t.bytes(id).length;
        counted++;
      }
    }
    return bytes == 0 ? Optional.empty() : Optional.of((double) bytes / counted);
  }

  private void sample(long step, Journal samples) {
    @Nullable Tokenizer t = model.tokenizer().orElse(null);
    if (t == null) return;
    Graph graph = model.graph();
    int context = model.config().contextLength();
    int most = recipe.size("samples.tokens", 1, 1 << 20);
    double heat = recipe.number("samples.temperature");
    long seed = recipe.whole("seed");
    for (String prompt : recipe.texts("samples.prompts")) {
      Optional<int[]> ids = model.chat().map(c -> c.apply(prompt));
      String text =
          ids.isPresent()
              ? Samples.answered(graph, t, prompt, ids.get(), context, most, heat, threads, seed)
              : Samples.continued(graph, t, prompt, context, most, heat, threads, seed);
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("step", step);
      line.put("text", text);
      samples.add(line);
      watcher.note(text.replaceAll("\\s+", " "));
    }
  }

  private void save(long step, long tokens, String text) {
    checkpoints.save(step, tokens, text, model.weights().trained(), optimizer);
  }
}
