package org.puna.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Joining against the plainest way to do it. */
class MergerTest {
  @Property(tries = 400)
  void joinsAsTheDefinitionSays(@ForAll long seed, @ForAll @IntRange(max = 300) int length) {
    Random random = new Random(seed);
    PairTable pairs = new PairTable(4);
    int symbols = 3;
    for (int i = 0; i < 40; i++) {
      // Some ranks are equal, as scores of SentencePiece can be.
      int left = random.nextInt(symbols);
      int right = random.nextInt(symbols);
      pairs.put(left, right, random.nextInt(30), symbols++);
    }
    Merger merger = new Merger();
    List<Integer> plain = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      int symbol = random.nextInt(3);
      merger.add(symbol);
      plain.add(symbol);
    }
    merger.merge(pairs, new boolean[0]);
    while (true) {
      int best = -1;
      long bestMerge = PairTable.NONE;
      for (int i = 0; i + 1 < plain.size(); i++) {
        long merge = pairs.get(plain.get(i), plain.get(i + 1));
        if (PairTable.rank(merge) < PairTable.rank(bestMerge)) {
          best = i;
          bestMerge = merge;
        }
      }
      if (best < 0) break;
      plain.set(best, (int) bestMerge);
      plain.remove(best + 1);
    }
    List<Integer> got = new ArrayList<>();
    for (int i = 0; i < merger.size; i++) got.add(merger.symbols[i]);
    assertThat(got).isEqualTo(plain);
  }
}
