package org.puna.train.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.convert.FolderFiles;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Scanner;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import org.puna.train.bpe.BpeTrainer;
import org.puna.train.bpe.TokenizerJson;
import org.puna.train.data.Corpus;
import org.puna.train.data.Preparation;
import tools.jackson.databind.json.JsonMapper;

/** A tokenizer in a run's folder, learned from the run's texts, or taken from elsewhere. */
final class LearnedTokenizer {
  /** Beside a learned tokenizer: from what and how it was learned. */
  private static final String LEARNED = "learned.txt";

  private final Recipe recipe;
  private final List<Path> files;
  private final Path folder;
  private final int contextLength;
  private final int threads;

  /** A tokenizer that may have been learned before. */
  LearnedTokenizer(Recipe recipe, List<Path> files, Path folder, int contextLength, int threads) {
    this.recipe = recipe;
    this.files = files;
    this.folder = folder;
    this.contextLength = contextLength;
    this.threads = threads;
  }

  /**
   * Copies a tokenizer's files, then opens it.
   *
   * @param from a folder, if there is one
   * @throws BadInput if they cannot be written
   */
  static Tokenizer copied(@Nullable Path from, Path to, Supplier<Tokenizer> opened) {
    try {
      Files.deleteIfExists(to.resolve(LEARNED));
      if (from != null && Files.isDirectory(from)) {
        Files.createDirectories(to);
        FolderFiles.copyTokenizer(from, to);
      }
      return opened.get();
    } catch (IOException e) {
      throw unwritten(to, e);
    }
  }

  private static BadInput unwritten(Path folder, IOException e) {
    return new BadInput(folder + ": the tokenizer cannot be written: " + e.getMessage(), e);
  }

  /**
   * Returns whether it was learned from the same texts in the same way.
   *
   * @param goesOn whether its run goes on, which keeps the one that it began with
   */
  boolean isThere(boolean goesOn) {
    Path learned = folder.resolve(LEARNED);
    try {
      boolean same = Files.exists(learned) && Files.readString(learned).strip().equals(key());
      return Files.exists(folder.resolve("tokenizer.json")) && (same || goesOn);
    } catch (IOException e) {
      throw unwritten(folder, e);
    }
  }

  /** Tells from what and how it is learned. */
  private String key() {
    return Preparation.key(
        files,
        List.of(
            recipe.whole("model.vocab"),
            recipe.flag("tokenizer.lines"),
            recipe.flag("data.prose"),
            Pretraining.field(recipe),
            contextLength));
  }

  /** Opens it. */
  Tokenizer open() {
    return Tokenizers.open(folder.resolve("tokenizer.json"));
  }

  /**
   * Learns it.
   *
   * @param read told the characters of each document
   * @param learned told how many tokens there are
   */
  void learn(LongConsumer read, LongConsumer learned) {
    try {
      Files.deleteIfExists(folder.resolve(LEARNED));
      BpeTrainer trainer =
          new BpeTrainer(
              recipe.size("model.vocab", 1, 1 << 24), Pretraining.SPECIALS, Scanner.llama3());
      boolean lines = recipe.flag("tokenizer.lines");
      Corpus.read(
          files,
          recipe.flag("data.prose"),
          Pretraining.field(recipe),
          d -> {
            read.accept(d.text().length());
            byte[] utf8 = d.text().getBytes(StandardCharsets.UTF_8);
            if (lines) trainer.addLines(utf8);
            else trainer.add(utf8);
          });
      Files.createDirectories(folder);
      write(trainer, learned);
      OutputFile.writeText(folder.resolve(LEARNED), key() + "\n");
    } catch (IOException e) {
      throw unwritten(folder, e);
    }
  }

  private void write(BpeTrainer trainer, LongConsumer learned) {
    String begin = Pretraining.SPECIALS.get(0);
    Map<String, Object> config = new LinkedHashMap<>();
    Map<String, Object> specials = new LinkedHashMap<>();
    specials.put("bos_token", begin);
    specials.put("eos_token", Pretraining.SPECIALS.get(1));
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.putAll(specials);
    config.put("clean_up_tokenization_spaces", false);
    config.put("model_max_length", contextLength);
    config.put("chat_template", Pretraining.CHAT_TEMPLATE);
    write(folder.resolve("special_tokens_map.json"), specials);
    write(folder.resolve("tokenizer_config.json"), config);
    OutputFile.writeText(
        folder.resolve("tokenizer.json"),
        TokenizerJson.of(trainer.train(threads, learned), java.util.Optional.of(begin)) + "\n");
  }

  private static void write(Path file, Map<String, Object> json) {
    OutputFile.writeText(
        file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }
}
