package org.puna.train.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.Architectures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.io.MappedFile;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.train.bpe.BpeTrainer;
import org.puna.train.data.Corpus;
import org.puna.train.data.Duplicates;
import org.puna.train.data.Preparation;
import org.puna.train.data.Replay;
import org.puna.train.data.TokenFile;
import org.puna.train.data.Windows;
import org.puna.train.params.Parameters;

/** From a recipe to a run: finds or learns the tokenizer, prepares the data, makes the model. */
public final class Pretraining {
  /** The control tokens of a learned vocabulary, which have the first ids. */
  public static final List<String> SPECIALS =
      List.of(
          "<|begin_of_text|>",
          "<|end_of_text|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|eot_id|>");

  /** The template of a learned vocabulary: headers around roles, as in Llama 3. */
  public static final String CHAT_TEMPLATE =
      "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}"
          + "<|end_header_id|>\n\n{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
          + "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n"
          + "{% endif %}";

  private static final String TOKENIZER = "tokenizer.file";
  private static final String PATHS = "data.paths";
  private static final String RECIPE = "recipe.yaml";

  /**
   * Held-out tokens below which their mean loss is told to be rough: a token's loss deviates by
   * some 2 nats from it, the mean over so many by 0.03.
   */
  private static final int FEW = 4096;

  /** Keys of further training. */
  private static final Pattern OF_OTHERS =
      Pattern.compile("(lora|distill|align)\\..*|data\\.epochs");

  /** Keys of what a replayed file already is. */
  private static final Pattern OF_TEXTS = Pattern.compile("data\\.(?!masked).*|tokenizer\\..*");

  private final Request request;
  private final Watcher watcher;

  /**
   * What is asked for.
   *
   * @param recipe a file, where there is one
   * @param sets values that override it, {@code key=value}
   * @param init a model to begin with
   * @param replay a file of batches to train on
   * @param out the run's folder; by default {@code runs/NAME}
   * @param resume whether to go on from the newest checkpoint
   * @param threads to compute with
   */
  public record Request(
      Optional<Path> recipe,
      List<String> sets,
      Optional<Path> init,
      Optional<Path> replay,
      Optional<Path> out,
      boolean resume,
      int threads) {}

  /** A run that has not begun. */
  public Pretraining(Request request, Watcher watcher) {
    this.request = request;
    this.watcher = watcher;
  }

  /**
   * Runs.
   *
   * @param stop asked after each step, and while texts are read
   * @throws BadInput if anything in recipe, data or folder is wrong
   * @throws Diverged if the loss is no number or explodes
   */
  public TrainingRun.Ending run(BooleanSupplier stop) {
    if (request.init.isPresent()) {
      try (Checkpoint given = Checkpoint.open(request.init.get())) {
        return run(recipe(given), given, stop);
      }
    }
    return run(recipe(null), null, stop);
  }

  /** Returns what is asked for: the recipe, else that of the run which goes on, and overrides. */
  private Recipe recipe(@Nullable Checkpoint given) {
    Recipe asked = overridden(request.recipe);
    Path folder = folder(asked, given);
    Path saved = folder.resolve(RECIPE);
    if (request.resume && request.recipe.isEmpty() && Files.exists(saved)) {
      asked = overridden(Optional.of(saved));
      if (given == null && !asked.has("depth")) {
        throw new BadInput(
            folder
                + ": the run here trains a given model further; name that with --init, or continue"
                + " with the command that began it");
      }
    }
    String leave = "; leave it out";
    asked.refuse(k -> OF_OTHERS.matcher(k).matches(), "not used by train" + leave);
    boolean replay = request.replay.isPresent();
    asked.refuseSet(k -> replay && OF_TEXTS.matcher(k).matches(), "not used with --replay" + leave);
    asked.refuseSet(k -> !replay && k.equals("data.masked"), "used with --replay only" + leave);
    return asked;
  }

  private Recipe overridden(Optional<Path> file) {
    Recipe r = file.map(Recipe::read).orElseGet(Recipe::empty);
    for (String s : request.sets) r.set(s);
    return r;
  }

  private TrainingRun.Ending run(Recipe recipe, @Nullable Checkpoint given, BooleanSupplier stop) {
    if (given != null) {
      recipe.refuseGiven(given.path());
      recipe.otherwise("name", given.name());
      recipe.otherwise("seed", 1);
    } else {
      tokenizerFile(recipe).ifPresent(t -> recipe.otherwise("model.vocab", t.vocabSize()));
      Dial.model(recipe);
    }
    Path folder = folder(recipe, given);
    ModelConfig config = given != null ? given.config() : Dial.config(recipe);
    Architecture architecture =
        given != null
            ? given.architecture()
            : Architectures.byName(config.architecture()).orElseThrow();
    if (given == null) {
      Initial.check(architecture, config, Runtime.getRuntime().maxMemory());
    }
    try (RunFolder held = RunFolder.take(folder, request.resume)) {
      if (request.resume) recipe.goOn(folder);
      return request.replay.isPresent()
          ? replay(recipe, held, architecture, config, given, stop)
          : texts(recipe, held, architecture, config, given, stop);
    } catch (StoppedEarly _) {
      watcher.note("stopped before the first step; the same command begins again");
      return TrainingRun.Ending.STOPPED;
    }
  }

  /** The run was asked to stop while texts were read. */
  private static final class StoppedEarly extends RuntimeException {
    private static final long serialVersionUID = 1;

    StoppedEarly() {
      super("asked to stop", null, false, false);
    }
  }

  /** Tells how far texts are read, and stops where that is asked for. */
  private LongConsumer reading(String what, List<Path> files, BooleanSupplier stop) {
    long bytes = Corpus.bytes(files);
    long[] read = {0};
    return n -> {
      // Characters where bytes are known: near enough for a bar.
      read[0] = Math.min(bytes, read[0] + n);
      told(what, read[0], bytes, stop);
    };
  }

  private void told(String what, long done, long total, BooleanSupplier stop) {
    if (stop.getAsBoolean()) throw new StoppedEarly();
    watcher.preparing(what, done, total);
  }

  private Path folder(Recipe recipe, @Nullable Checkpoint given) {
    if (request.out.isPresent()) return request.out.get();
    String name =
        recipe.has("name") ? recipe.text("name") : given != null ? given.name() : Dial.NAME;
    if (name.contains("/") || name.contains("\\") || name.equals(".") || name.equals("..")) {
      throw new BadInput(
          "name: expected the name of a folder in runs, found " + name + "; choose one with --out");
    }
    return Path.of("runs", name);
  }

  private TrainingRun.Ending texts(
      Recipe recipe,
      RunFolder held,
      Architecture architecture,
      ModelConfig config,
      @Nullable Checkpoint given,
      BooleanSupplier stop) {
    Path folder = held.path();
    Dial.training(recipe, config);
    if (!recipe.has(PATHS)) throw withoutTexts(folder);
    // What is wrong with sizes is told before the texts are read.
    int length = recipe.size("batch.length", 1, config.contextLength());
    int rows = recipe.size("batch.rows", 1, 1 << 20);
    int micro = recipe.size("batch.micro_rows", 1, 1 << 20);
    if (given == null && !recipe.has(TOKENIZER)) {
      recipe.size("model.vocab", BpeTrainer.least(SPECIALS), 1 << 24);
    }
    List<Path> files = Corpus.files(recipe.texts(PATHS).stream().map(Path::of).toList());
    // What is in the folder changes only once it is clear that its run can go on.
    Checkpoints before = new Checkpoints(folder.resolve("checkpoints"), 1);
    if (request.resume) before.agree(recipe.yaml());
    Path tokenizerFolder = folder.resolve("tokenizer");
    Tokenizer tokenizer =
        given != null
            ? LearnedTokenizer.copied(given.path(), tokenizerFolder, given::tokenizer)
            : tokenizer(recipe, files, tokenizerFolder, config.contextLength(), stop);
    if (tokenizer.vocabSize() > config.vocabSize()) {
      throw new BadInput(
          "the tokenizer has "
              + tokenizer.vocabSize()
              + " tokens, the model only "
              + config.vocabSize()
              + "; set model.vocab");
    }
    if (given == null && 2L * tokenizer.vocabSize() < config.vocabSize()) {
      throw new BadInput(
          "model.vocab: the tokenizer has "
              + tokenizer.vocabSize()
              + " tokens, found "
              + config.vocabSize()
              + ", most of which would mean nothing; set model.vocab="
              + tokenizer.vocabSize()
              + " or add texts");
    }
    Preparation.Summary data = prepare(recipe, files, tokenizer, tokenizerFolder, folder, stop);
    watcher.note(
        String.format(
            java.util.Locale.ROOT,
            "data: %,d documents (%,d seen before), %,d tokens, %,d held out",
            data.documents(),
            data.duplicates(),
            data.tokens(),
            data.heldOutTokens()));
    fewHeldOut(recipe, data, length).ifPresent(watcher::note);
    long seed = recipe.whole("seed");
    Path prepared = folder.resolve("data");
    TokenFile train = TokenFile.open(prepared.resolve(Preparation.TRAIN));
    Optional<Windows> heldOut = Optional.empty();
    if (data.heldOutTokens() > length) {
      TokenFile f = TokenFile.open(prepared.resolve(Preparation.HELD_OUT));
      heldOut = Optional.of(new Windows(f, tokenizer.bos(), micro, micro, length, seed));
    }
    try (Windows windows = new Windows(train, tokenizer.bos(), rows, micro, length, seed);
        Compute compute = Compute.open(request.threads)) {
      Parameters weights = weights(architecture, config, given, seed);
      var model =
          given != null
              ? TrainingRun.Model.further(given, weights, length)
              : TrainingRun.Model.anew(
                  architecture,
                  config,
                  weights,
                  length,
                  Optional.of(tokenizer),
                  Optional.of(tokenizerFolder));
      describe(recipe, config, windows.tokensPerStep());
      int most = recipe.size("validation.windows", 1, 1 << 20);
      return new TrainingRun(
              held,
              recipe,
              model,
              windows,
              heldOut.map(w -> new HeldOut(w.inOrder(most), w.maxRows())).orElseGet(HeldOut::none),
              compute,
              request.threads,
              watcher)
          .run(request.resume, stop);
    } finally {
      heldOut.ifPresent(Windows::close);
    }
  }

  /** Tells where so little is held out that a measure of it says little, or none is made. */
  private static Optional<String> fewHeldOut(Recipe recipe, Preparation.Summary data, int length) {
    double asked = recipe.number("data.held_out");
    long n = data.heldOutTokens();
    if (asked == 0 || recipe.whole("validation.every") == 0 || n >= Math.max(FEW, length + 1)) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            java.util.Locale.ROOT,
            "held out: %,d tokens, %.2g%% where data.held_out asks for %.2g%%, since whole"
                + " documents are; %s: add documents, or raise data.held_out",
            n,
            100.0 * n / (data.tokens() + n),
            100 * asked,
            n > length
                ? "the held-out loss and bits per byte are rough"
                : "there is no held-out loss"));
  }

  private BadInput withoutTexts(Path folder) {
    String remedy =
        "name files or folders of texts in the recipe or with --set " + PATHS + "=FOLDER";
    if (!request.resume || request.recipe.isPresent()) {
      return new BadInput(PATHS + " is missing: " + remedy);
    }
    return new BadInput(
        Files.exists(folder.resolve(RECIPE))
            ? folder + ": the run here has no texts; name its batches with --replay again"
            : folder + ": no run to continue is here; check --out, or " + remedy);
  }

  private Tokenizer tokenizer(
      Recipe recipe, List<Path> files, Path folder, int contextLength, BooleanSupplier stop) {
    if (recipe.has(TOKENIZER)) {
      Path file = Path.of(recipe.text(TOKENIZER));
      Path from = Files.isDirectory(file) ? file : file.toAbsolutePath().getParent();
      return LearnedTokenizer.copied(from, folder, () -> Tokenizers.open(file));
    }
    int vocab = recipe.size("model.vocab", 1, 1 << 24);
    var learned = new LearnedTokenizer(recipe, files, folder, contextLength, request.threads);
    boolean goesOn = request.resume && Files.exists(folder.resolveSibling("metrics.jsonl"));
    if (!learned.isThere(goesOn)) {
      watcher.note("learning a tokenizer of " + vocab + " tokens");
      learned.learn(
          reading("reading texts", files, stop), n -> told("learning tokens", n, vocab, stop));
    }
    return learned.open();
  }

  private TrainingRun.Ending replay(
      Recipe recipe,
      RunFolder folder,
      Architecture architecture,
      ModelConfig config,
      @Nullable Checkpoint given,
      BooleanSupplier stop) {
    int micro = recipe.has("batch.micro_rows") ? recipe.size("batch.micro_rows", 1, 1 << 20) : 0;
    boolean masked = recipe.has("data.masked") && recipe.flag("data.masked");
    try (Replay batches =
            new Replay(request.replay.orElseThrow(), micro, masked, config.vocabSize());
        Compute compute = Compute.open(request.threads)) {
      // A model that is made has a length already, which the dial found.
      if (given != null) asInFile(recipe, "batch.length", batches.length());
      asInFile(recipe, "batch.rows", batches.rows());
      recipe.otherwise("steps", batches.steps());
      recipe.otherwise("samples.every", 0);
      Dial.training(recipe, config);
      int length = recipe.size("batch.length", 1, config.contextLength());
      Parameters weights = weights(architecture, config, given, recipe.whole("seed"));
      var model =
          given != null
              ? TrainingRun.Model.further(given, weights, length)
              : TrainingRun.Model.anew(
                  architecture, config, weights, length, Optional.empty(), Optional.empty());
      describe(recipe, config, batches.tokensPerStep());
      return new TrainingRun(
              folder, recipe, model, batches, HeldOut.none(), compute, request.threads, watcher)
          .run(request.resume, stop);
    }
  }

  private static void asInFile(Recipe recipe, String key, long value) {
    recipe.otherwise(key, value);
    if (recipe.whole(key) == value) return;
    throw new BadInput(
        key
            + ": the file of batches has "
            + value
            + ", found "
            + recipe.whole(key)
            + "; leave it out");
  }

  private static Parameters weights(
      Architecture architecture, ModelConfig config, @Nullable Checkpoint given, long seed) {
    return given != null
        ? Initial.given(given.weights(), _ -> true)
        : Initial.drawn(architecture, config, seed);
  }

  private void describe(Recipe recipe, ModelConfig config, long tokensPerStep) {
    for (String line : recipe.yaml().lines().toList()) watcher.note("  " + line);
    double tokens = (double) tokensPerStep * recipe.whole("steps");
    double flops =
        tokens
            * ModelSize.trainingFlops(
                    config,
                    recipe.size("batch.length", 1, 1 << 24),
                    ModelSize.AttentionCount.CAUSAL)
                .total();
    watcher.note(
        String.format(
            java.util.Locale.ROOT,
            "%,d parameters, %,.0f tokens, %.3g FLOPs",
            ModelSize.parameters(config).total(),
            tokens,
            flops));
  }

  private static Optional<Tokenizer> tokenizerFile(Recipe recipe) {
    if (!recipe.has(TOKENIZER)) return Optional.empty();
    Path file = Path.of(recipe.text(TOKENIZER));
    if (!Files.exists(file)) {
      throw new BadInput(TOKENIZER + ": " + file + ": no such file or folder; check the path");
    }
    return Optional.of(Tokenizers.open(file));
  }

  static Optional<String> field(Recipe recipe) {
    return recipe.has("data.field") ? Optional.of(recipe.text("data.field")) : Optional.empty();
  }

  private Preparation.Summary prepare(
      Recipe recipe,
      List<Path> files,
      Tokenizer tokenizer,
      Path tokenizerFolder,
      Path folder,
      BooleanSupplier stop) {
    StringBuilder fingerprint = new StringBuilder();
    try {
      List<String> names = new ArrayList<>(List.of("tokenizer.json", "tokenizer.model"));
      for (String name : names) {
        Path f = tokenizerFolder.resolve(name);
        if (Files.exists(f))
          fingerprint
              .append(Files.size(f))
              .append(new String(Files.readAllBytes(f), StandardCharsets.UTF_8).hashCode());
      }
    } catch (IOException e) {
      throw MappedFile.unreadable(tokenizerFolder, e);
    }
    double heldOut = recipe.number("data.held_out");
    if (heldOut < 0 || heldOut >= 1) {
      throw new BadInput("data.held_out: expected 0 to 1, found " + heldOut);
    }
    var options =
        new Preparation.Options(
            recipe.flag("data.prose"),
            field(recipe),
            heldOut,
            recipe.choice("data.duplicates", Duplicates.Kind.class),
            recipe.number("data.similarity"),
            recipe.whole("seed"));
    return Preparation.prepare(
        files,
        tokenizer,
        fingerprint.toString(),
        options,
        folder.resolve("data"),
        request.threads,
        reading("encoding texts", files, stop));
  }
}
