package org.puna.train.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import org.puna.model.config.BadInput;
import org.puna.model.io.OutputFile;
import org.puna.model.tokenizer.Tokenizer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns documents into two files of tokens, one to learn from and one held out. Each document
 * begins with the tokenizer's beginning of text and ends with its end, where it has them.
 */
public final class Preparation {
  /** The file to learn from, in the folder of prepared data. */
  public static final String TRAIN = "train.tokens";

  /** The file of held-out documents. */
  public static final String HELD_OUT = "heldout.tokens";

  private static final String INDEX = "data.json";

  private Preparation() {}

  /**
   * How to prepare.
   *
   * @param prose whether texts are read as {@link Prose}, a document for each section
   * @param field of JSON Lines and column of Parquet that holds the text
   * @param heldOut part of the documents that are held out, 0 to 1
   * @param duplicates which documents count as seen before
   * @param similarity from which documents count as near
   * @param seed chooses the held-out documents
   */
  public record Options(
      boolean prose,
      Optional<String> field,
      double heldOut,
      Duplicates.Kind duplicates,
      double similarity,
      long seed) {}

  /**
   * What was prepared.
   *
   * @param documents kept, held-out ones included
   * @param duplicates left out
   * @param tokens to learn from
   * @param heldOutTokens held out
   */
  public record Summary(long documents, long duplicates, long tokens, long heldOutTokens) {}

  /**
   * Prepares a corpus, or takes what is there where it was made of the same files with the same
   * options.
   *
   * @param fingerprint of the tokenizer
   * @param progress told the characters of each document; what it throws ends the preparation
   * @throws BadInput if there is nothing to learn from, or a file cannot be read or written
   */
  public static Summary prepare(
      List<Path> files,
      Tokenizer tokenizer,
      String fingerprint,
      Options options,
      Path folder,
      int threads,
      LongConsumer progress) {
    String key = key(files, List.of(fingerprint, options));
    Path index = folder.resolve(INDEX);
    try {
      if (Files.exists(index)) {
        JsonNode old = index(index);
        Summary s =
            new Summary(
                old.path("documents").asLong(0),
                old.path("duplicates").asLong(0),
                old.path("tokens").asLong(0),
                old.path("held_out_tokens").asLong(0));
        if (old.path("key").asString("").equals(key)
            && holds(folder.resolve(TRAIN), s.tokens)
            && holds(folder.resolve(HELD_OUT), s.heldOutTokens)) {
          return s;
        }
      }
      Files.createDirectories(folder);
      Summary s = write(files, tokenizer, options, folder, threads, progress);
      var o = JsonMapper.shared().createObjectNode();
      o.put("key", key);
      o.put("documents", s.documents);
      o.put("duplicates", s.duplicates);
      o.put("tokens", s.tokens);
      o.put("held_out_tokens", s.heldOutTokens);
      OutputFile.writeText(index, o.toPrettyString() + "\n");
      return s;
    } catch (IOException e) {
      throw new BadInput(folder + ": data cannot be written: " + e.getMessage(), e);
    }
  }

  /** A list that cannot be read is as good as none. */
  private static JsonNode index(Path file) throws IOException {
    try {
      return JsonMapper.shared().readTree(Files.readAllBytes(file));
    } catch (JacksonException _) {
      return JsonMapper.shared().createObjectNode();
    }
  }

  /** Whether a file is whole and of that size; one that is not is written anew. */
  private static boolean holds(Path file, long tokens) {
    try (TokenFile f = TokenFile.open(file)) {
      return f.size() == tokens;
    } catch (BadInput _) {
      return false;
    }
  }

  /**
   * Returns a text that changes with files and with what is made of them.
   *
   * @param how options
   * @throws BadInput if a file cannot be read
   */
  public static String key(List<Path> files, List<?> how) {
    StringBuilder k = new StringBuilder();
    how.forEach(k::append);
    try {
      for (Path f : files) {
        k.append('\n').append(f.toAbsolutePath()).append(' ').append(Files.size(f));
        k.append(' ').append(Files.getLastModifiedTime(f).toMillis());
      }
    } catch (IOException e) {
      throw new BadInput("data.paths: " + e.getMessage(), e);
    }
    return Duplicates.digest(k.toString());
  }

  private static Summary write(
      List<Path> files,
      Tokenizer tokenizer,
      Options options,
      Path folder,
      int threads,
      LongConsumer progress)
      throws IOException {
    int vocab = tokenizer.vocabSize();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads);
        TokenFile.Writer train = new TokenFile.Writer(folder.resolve(TRAIN), vocab);
        TokenFile.Writer heldOut = new TokenFile.Writer(folder.resolve(HELD_OUT), vocab)) {
      Sink sink = new Sink(tokenizer, options, pool, 4 * threads, train, heldOut, progress);
      Corpus.read(files, options.prose, options.field, sink::add);
      sink.finish();
      if (train.size() == 0) {
        throw new BadInput("data.paths: every document is held out or empty; add texts");
      }
      train.commit();
      heldOut.commit();
      return new Summary(sink.documents, sink.duplicates, train.size(), heldOut.size());
    }
  }

  /** Encodes documents on all threads and writes them in order. */
  private static final class Sink {
    private final Tokenizer tokenizer;
    private final Options options;
    private final ExecutorService pool;
    private final int ahead;
    private final TokenFile.Writer train;
    private final TokenFile.Writer heldOut;
    private final LongConsumer progress;
    private final Duplicates seen;
    private final Deque<Encoded> queue = new ArrayDeque<>();
    long documents;
    long duplicates;

    private record Encoded(Future<int[]> ids, boolean heldOut) {}

    Sink(
        Tokenizer tokenizer,
        Options options,
        ExecutorService pool,
        int ahead,
        TokenFile.Writer train,
        TokenFile.Writer heldOut,
        LongConsumer progress) {
      this.tokenizer = tokenizer;
      this.options = options;
      this.pool = pool;
      this.ahead = ahead;
      this.train = train;
      this.heldOut = heldOut;
      this.progress = progress;
      seen = new Duplicates(options.duplicates, options.similarity);
    }

    void add(Document d) {
      progress.accept(d.text().length());
      if (!seen.isNew(d.text())) {
        duplicates++;
        return;
      }
      documents++;
      queue.add(new Encoded(pool.submit(() -> encode(d.text())), isHeldOut(d)));
      if (queue.size() > ahead) writeFirst();
    }

    /** Decides by the text alone, so that a document stays on its side whatever joins it. */
    private boolean isHeldOut(Document d) {
      String digest = Duplicates.digest(options.seed + "\n" + d.text());
      long number = Long.parseUnsignedLong(digest.substring(0, 15), 16);
      return number < options.heldOut * (double) (1L << 60);
    }

    private int[] encode(String text) {
      int[] ids = tokenizer.encode(text, false);
      int begin = tokenizer.bos().isPresent() ? 1 : 0;
      int end = tokenizer.eos().isPresent() ? 1 : 0;
      int[] all = new int[ids.length + begin + end];
      System.arraycopy(ids, 0, all, begin, ids.length);
      tokenizer.bos().ifPresent(id -> all[0] = id);
      tokenizer.eos().ifPresent(id -> all[all.length - 1] = id);
      return all;
    }

    private void writeFirst() {
      Encoded e = queue.remove();
      try {
        (e.heldOut ? heldOut : train).write(e.ids.get());
      } catch (ExecutionException x) {
        throw new IllegalStateException(x.getCause());
      } catch (InterruptedException x) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", x);
      } catch (IOException x) {
        throw new BadInput("prepared data cannot be written: " + x.getMessage(), x);
      }
    }

    void finish() {
      while (!queue.isEmpty()) writeFirst();
    }
  }
}
