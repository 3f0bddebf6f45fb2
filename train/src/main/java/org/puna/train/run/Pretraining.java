package org.puna.train.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.puna.model.Checkpoint;
import org.puna.model.arch.Architecture;
import org.puna.model.arch.Architectures;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.convert.FolderFiles;
import org.puna.model.io.MappedFile;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Scanner;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.train.bpe.BpeTrainer;
import org.puna.train.bpe.TokenizerJson;
import org.puna.train.data.Corpus;
import org.puna.train.data.Duplicates;
import org.puna.train.data.Preparation;
import org.puna.train.data.Replay;
import org.puna.train.data.TokenFile;
import org.puna.train.data.Windows;
import org.puna.train.params.Parameters;
import tools.jackson.databind.json.JsonMapper;

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

  /** Beside a learned tokenizer: from what and how it was learned. */
  private static final String LEARNED = "learned.txt";

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
    Recipe recipe = request.recipe.map(Recipe::read).orElseGet(Recipe::empty);
    for (String s : request.sets) recipe.set(s);
    if (request.init.isPresent()) {
      try (Checkpoint given = Checkpoint.open(request.init.get())) {
        return run(recipe, given, stop);
      }
    }
    return run(recipe, null, stop);
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
    Path folder = request.out.orElseGet(() -> folder(recipe.text("name")));
    ModelConfig config = given != null ? given.config() : Dial.config(recipe);
    Architecture architecture =
        given != null
            ? given.architecture()
            : Architectures.byName(config.architecture()).orElseThrow();
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

  private static Path folder(String name) {
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
    if (!recipe.has("data.paths")) {
      throw new BadInput(
          "data.paths is missing: name files or folders of texts in the recipe or with"
              + " --set data.paths=FOLDER");
    }
    List<Path> files = Corpus.files(recipe.texts("data.paths").stream().map(Path::of).toList());
    // What is in the folder changes only once it is clear that its run can go on.
    Checkpoints before = new Checkpoints(folder.resolve("checkpoints"), 1);
    if (request.resume) before.agree(recipe.yaml());
    Path tokenizerFolder = folder.resolve("tokenizer");
    Tokenizer tokenizer =
        tokenizer(recipe, given, files, tokenizerFolder, config.contextLength(), stop);
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
    int length = recipe.size("batch.length", 1, config.contextLength());
    int rows = recipe.size("batch.rows", 1, 1 << 20);
    int micro = recipe.size("batch.micro_rows", 1, 1 << 20);
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
              heldOut.map(w -> w.inOrder(most)).orElse(List.of()),
              heldOut.map(Windows::maxRows).orElse(0),
              compute,
              request.threads,
              watcher)
          .run(request.resume, stop);
    } finally {
      heldOut.ifPresent(Windows::close);
    }
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
      recipe.otherwise("batch.length", batches.length());
      recipe.otherwise("batch.rows", batches.rows());
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
              folder, recipe, model, batches, List.of(), 0, compute, request.threads, watcher)
          .run(request.resume, stop);
    }
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
    return recipe.has("tokenizer.file")
        ? Optional.of(Tokenizers.open(Path.of(recipe.text("tokenizer.file"))))
        : Optional.empty();
  }

  private Tokenizer tokenizer(
      Recipe recipe,
      @Nullable Checkpoint given,
      List<Path> files,
      Path folder,
      int contextLength,
      BooleanSupplier stop) {
    Path json = folder.resolve("tokenizer.json");
    Path learned = folder.resolve(LEARNED);
    try {
      if (given != null) {
        Files.deleteIfExists(learned);
        copy(given.path(), folder);
        return given.tokenizer();
      }
      if (recipe.has("tokenizer.file")) {
        Path file = Path.of(recipe.text("tokenizer.file"));
        Path from = file.toAbsolutePath().getParent();
        Files.deleteIfExists(learned);
        if (from != null) copy(from, folder);
        return Tokenizers.open(file);
      }
      String key = learnedKey(recipe, files, contextLength);
      boolean goesOn = request.resume && Files.exists(folder.resolveSibling("metrics.jsonl"));
      boolean same = Files.exists(learned) && Files.readString(learned).strip().equals(key);
      if (!Files.exists(json) || !(same || goesOn)) {
        Files.deleteIfExists(learned);
        learn(recipe, files, folder, contextLength, stop);
        OutputFile.writeText(learned, key + "\n");
      }
      return Tokenizers.open(json);
    } catch (IOException e) {
      throw new BadInput(folder + ": the tokenizer cannot be written: " + e.getMessage(), e);
    }
  }

  /** Tells from what and how a tokenizer was learned. */
  private static String learnedKey(Recipe recipe, List<Path> files, int contextLength) {
    return Preparation.key(
        files,
        List.of(
            recipe.whole("model.vocab"),
            recipe.flag("tokenizer.lines"),
            recipe.flag("data.prose"),
            field(recipe),
            contextLength));
  }

  private static void copy(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) return;
    Files.createDirectories(to);
    FolderFiles.copyTokenizer(from, to);
  }

  private static Optional<String> field(Recipe recipe) {
    return recipe.has("data.field") ? Optional.of(recipe.text("data.field")) : Optional.empty();
  }

  private void learn(
      Recipe recipe, List<Path> files, Path folder, int contextLength, BooleanSupplier stop)
      throws IOException {
    int vocab = recipe.size("model.vocab", 1, 1 << 24);
    watcher.note("learning a tokenizer of " + vocab + " tokens");
    BpeTrainer trainer = new BpeTrainer(vocab, SPECIALS, Scanner.llama3());
    boolean lines = recipe.flag("tokenizer.lines");
    LongConsumer read = reading("reading texts", files, stop);
    Corpus.read(
        files,
        recipe.flag("data.prose"),
        field(recipe),
        d -> {
          read.accept(d.text().length());
          byte[] utf8 = d.text().getBytes(StandardCharsets.UTF_8);
          if (lines) trainer.addLines(utf8);
          else trainer.add(utf8);
        });
    Files.createDirectories(folder);
    String begin = SPECIALS.get(0);
    Map<String, Object> config = new LinkedHashMap<>();
    Map<String, Object> specials = new LinkedHashMap<>();
    specials.put("bos_token", begin);
    specials.put("eos_token", SPECIALS.get(1));
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.putAll(specials);
    config.put("clean_up_tokenization_spaces", false);
    config.put("model_max_length", contextLength);
    config.put("chat_template", CHAT_TEMPLATE);
    write(folder.resolve("special_tokens_map.json"), specials);
    write(folder.resolve("tokenizer_config.json"), config);
    OutputFile.writeText(
        folder.resolve("tokenizer.json"),
        TokenizerJson.of(
                trainer.train(request.threads, n -> told("learning tokens", n, vocab, stop)),
                Optional.of(begin))
            + "\n");
  }

  private static void write(Path file, Map<String, Object> json) {
    OutputFile.writeText(
        file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
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
