package org.puna.fleet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class RankedSetTest {
  @Property(tries = 200)
  void answersLikeASortedSetOfPairs(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 300) int items,
      @ForAll @IntRange(min = 1, max = 40) int maxRank) {
    var random = new java.util.SplittableRandom(seed);
    RankedSet set = new RankedSet(items, maxRank);
    int[] ranks = new int[items];
    TreeSet<Integer> pairs = new TreeSet<>();
    for (int step = 0; step < 300; step++) {
      int item = random.nextInt(items);
      int rank = random.nextInt(maxRank + 1);
      pairs.remove(ranks[item] * items + item);
      ranks[item] = rank;
      if (rank > 0) pairs.add(rank * items + item);
      set.put(item, rank);
      int asked = random.nextInt(1, maxRank + 2);
      Integer found = pairs.ceiling(asked * items);
      assertThat(set.ceiling(asked)).isEqualTo(found == null ? -1 : found % items);
      assertThat(set.highest() < 0).isEqualTo(pairs.isEmpty());
      if (!pairs.isEmpty()) {
        assertThat(set.highest()).isEqualTo(pairs.last() % items);
        Integer after = pairs.higher(pairs.first());
        assertThat(set.after(pairs.first() % items)).isEqualTo(after == null ? -1 : after % items);
      }
      int from = random.nextInt(items);
      Integer exact = asked > maxRank ? null : pairs.ceiling(asked * items + from);
      if (asked <= maxRank) {
        assertThat(set.from(asked, from))
            .isEqualTo(exact == null || exact / items != asked ? -1 : exact % items);
      }
      assertThat(set.atLeast(asked)).isEqualTo(pairs.tailSet(asked * items).size());
      assertThat(set.rank(item)).isEqualTo(rank);
    }
  }
}
