package org.puna.train.bpe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Scanner;

/**
 * Learns byte-level BPE: counts words, then joins the most frequent pair of neighbours again and
 * again. Choices are those of the Hugging Face trainer: of equally frequent pairs the one with the
 * smaller ids goes first, and ids follow specials, then the byte alphabet in order of its
 * characters, then joins.
 *
 * @see "Sennrich et al. 2016, Neural Machine Translation of Rare Words with Subword Units"
 * @see "https://github.com/huggingface/tokenizers, models/bpe/trainer.rs"
 */
public final class BpeTrainer {
  /** Bytes. */
  private static final int BYTES = 256;

  private final int vocabSize;
  private final List<String> specials;
  private final Scanner scanner;
  private final List<byte[]> texts = new ArrayList<>();

  /**
   * An entry of the queue: a pair, its count when it was last looked at, and words that hold it.
   */
  private record Candidate(long pair, long count, IntList words) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate o) {
      return count != o.count ? Long.compare(o.count, count) : Long.compare(pair, o.pair);
    }
  }

  /**
   * A trainer without text.
   *
   * @param vocabSize ids wanted, specials and the 256 bytes included
   * @param specials control tokens, which get the first ids
   * @param scanner cuts text into words, over whose borders nothing is joined
   * @throws BadInput if the vocabulary cannot hold the bytes
   */
  public BpeTrainer(int vocabSize, List<String> specials, Scanner scanner) {
    if (vocabSize < least(specials)) {
      throw new BadInput(
          "tokenizer: a vocabulary of "
              + vocabSize
              + " cannot hold "
              + BYTES
              + " bytes and "
              + specials.size()
              + " special tokens; choose at least "
              + least(specials));
    }
    this.vocabSize = vocabSize;
    this.specials = List.copyOf(specials);
    this.scanner = scanner;
  }

  /** Returns the smallest vocabulary that holds the bytes and control tokens. */
  public static int least(List<String> specials) {
    return BYTES + specials.size();
  }

  /** Adds a text in UTF-8; bytes that are not UTF-8 count as U+FFFD. */
  public void add(byte[] utf8) {
    texts.add(wellFormed(utf8));
  }

  /**
   * Adds each line of a text as a text of its own, line ends included, which is how the Hugging
   * Face trainer reads files.
   */
  public void addLines(byte[] utf8) {
    byte[] text = wellFormed(utf8);
    int from = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] != '\n' && i < text.length - 1) continue;
      texts.add(Arrays.copyOfRange(text, from, i + 1));
      from = i + 1;
    }
  }

  private static byte[] wellFormed(byte[] utf8) {
    boolean ascii = true;
    for (byte b : utf8) ascii &= b >= 0;
    return ascii ? utf8 : new String(utf8, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Learns from the texts.
   *
   * @param threads that count words
   * @param progress told how many ids there are; what it throws ends the learning
   */
  public Bpe train(int threads, LongConsumer progress) {
    WordCounts counted = WordCounts.of(texts, scanner, threads);
    int[] idOfByte = new int[BYTES];
    List<String> tokens = new ArrayList<>(specials);
    Map<String, Integer> ids = new HashMap<>();
    for (int i = 0; i < specials.size(); i++) ids.put(specials.get(i), i);
    for (char c = 0; c < 2 * BYTES; c++) {
      int b = ByteSpelling.byteOf(c);
      if (b < 0) continue;
      idOfByte[b] = tokens.size();
      ids.put(String.valueOf(c), tokens.size());
      tokens.add(String.valueOf(c));
    }
    int[][] words = words(counted, idOfByte);
    PairCounts pairs = new PairCounts();
    PriorityQueue<Candidate> queue = first(words, counted, pairs);
    List<Bpe.Merge> merges = new ArrayList<>();
    Map<Long, IntList> fresh = new HashMap<>();
    while (tokens.size() < vocabSize) {
      Candidate top = queue.poll();
      if (top == null) break;
      long now = pairs.get(top.pair);
      if (now != top.count) {
        queue.add(new Candidate(top.pair, now, top.words));
        continue;
      }
      if (top.count < 1) break;
      int a = (int) (top.pair >>> 32);
      int b = (int) top.pair;
      String joined = tokens.get(a) + tokens.get(b);
      @Nullable Integer known = ids.get(joined);
      int id = known != null ? known : tokens.size();
      if (known == null) {
        ids.put(joined, id);
        tokens.add(joined);
        progress.accept(id + 1L);
      }
      merges.add(new Bpe.Merge(a, b));
      for (int i = 0; i < top.words.size; i++) {
        int w = top.words.items[i];
        words[w] = join(words[w], a, b, id, counted.count(w), w, pairs, fresh);
      }
      fresh.forEach((pair, where) -> {
        long count = pairs.get(pair);
        if (count > 0) queue.add(new Candidate(pair, count, where));
      });
      fresh.clear();
    }
    return new Bpe(specials, tokens.subList(specials.size(), tokens.size()), merges);
  }

  private static int[][] words(WordCounts counted, int[] idOfByte) {
    int[][] words = new int[counted.size()][];
    byte[] bytes = counted.bytes();
    for (int w = 0; w < words.length; w++) {
      int from = counted.start(w);
      int[] ids = new int[counted.end(w) - from];
      for (int i = 0; i < ids.length; i++) ids[i] = idOfByte[bytes[from + i] & 0xff];
      words[w] = ids;
    }
    return words;
  }

  private static PriorityQueue<Candidate> first(
      int[][] words, WordCounts counted, PairCounts pairs) {
    Map<Long, IntList> where = new HashMap<>();
    for (int w = 0; w < words.length; w++) {
      int[] ids = words[w];
      for (int i = 0; i + 1 < ids.length; i++) {
        long key = PairCounts.key(ids[i], ids[i + 1]);
        pairs.add(key, counted.count(w));
        where.computeIfAbsent(key, _ -> new IntList()).add(w);
      }
    }
    PriorityQueue<Candidate> queue = new PriorityQueue<>();
    where.forEach((pair, list) -> {
      if (pairs.get(pair) > 0) queue.add(new Candidate(pair, pairs.get(pair), list));
    });
    return queue;
  }

  /** Joins every pair (a, b) of a word from left to right and keeps the counts of pairs true. */
  private static int[] join(
      int[] ids,
      int a,
      int b,
      int joined,
      long count,
      int word,
      PairCounts pairs,
      Map<Long, IntList> fresh) {
    int n = 0;
    int i = 0;
    int length = ids.length;
    while (i < length) {
      if (ids[i] != a || i + 1 >= length || ids[i + 1] != b) {
        ids[n++] = ids[i++];
        continue;
      }
      if (n > 0) {
        pairs.add(PairCounts.key(ids[n - 1], a), -count);
        more(PairCounts.key(ids[n - 1], joined), count, word, pairs, fresh);
      }
      ids[n++] = joined;
      i += 2;
      if (i < length) {
        pairs.add(PairCounts.key(b, ids[i]), -count);
        more(PairCounts.key(joined, ids[i]), count, word, pairs, fresh);
      }
    }
    return n == length ? ids : Arrays.copyOf(ids, n);
  }

  private static void more(
      long key, long count, int word, PairCounts pairs, Map<Long, IntList> fresh) {
    pairs.add(key, count);
    fresh.computeIfAbsent(key, _ -> new IntList()).add(word);
  }
}
