package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormat;

/**
 * The {@link InterleavedCopy copies} of weights for which there may be one. Each is made by a
 * product that has a use for it, once there have been some before: making it takes as long as some
 * hundred such products gain, so short answers do without, and experts that few tokens visit have
 * none.
 */
final class InterleavedCopies implements AutoCloseable {
  /** Steps over which copies are made, so that no step waits for all of them. */
  private static final int MOST_STEPS = 128;

  private final boolean int8;
  private final Map<BlockFormat, Optional<Interleaved>> layouts = new HashMap<>();
  private final Map<Place, Entry> entries = new LinkedHashMap<>();

  // Looked up without allocating: views of the same weight are different objects.
  private long[] addresses = {};
  private Entry[] sorted = {};

  /**
   * No copies yet.
   *
   * @param int8 whether activations are rounded to eight bits
   */
  InterleavedCopies(boolean int8) {
    this.int8 = int8;
  }

  /** Where a weight lies. The scope keeps apart what came to lie there at different times. */
  private record Place(
      MemorySegment.Scope scope, long address, long bytes, BlockFormat format, int columns) {
    static Place of(Tensor w) {
      MemorySegment data = w.data();
      return new Place(data.scope(), data.address(), data.byteSize(), w.format(), w.rowElements());
    }
  }

  /** A weight that may have a copy. */
  private static final class Entry {
    final Place place;
    final Interleaved layout;
    final long bytes;

    /** Products that come before the copy is made. */
    int before;

    int users;
    boolean tried;
    @Nullable InterleavedCopy copy;

    Entry(Place place, Tensor w, Interleaved layout, int before) {
      this.place = place;
      this.layout = layout;
      this.before = before;
      bytes = InterleavedCopy.bytes(layout, w);
    }

    boolean isOf(Tensor w) {
      return w.data().byteSize() == place.bytes
          && w.data().scope().equals(place.scope)
          && w.rowElements() == place.columns
          && w.format().equals(place.format);
    }

    void free() {
      if (copy != null) copy.close();
      copy = null;
      tried = true;
    }
  }

  /**
   * Allows copies of weights, as long as what is returned is open.
   *
   * @param after products of few rows with a weight before the first copy is made; 0 makes each at
   *     its weight's first product
   */
  Repacked allow(List<Tensor> weights, int after) {
    // Of weights that are gone, should their owner have forgotten the copies.
    entries
        .values()
        .removeIf(e -> {
          boolean gone = !e.place.scope.isAlive();
          if (gone) e.free();
          return gone;
        });
    Map<Place, Entry> of = new LinkedHashMap<>();
    for (Tensor w : weights) {
      Interleaved layout = w.data().isNative() && w.rank() == 2 ? layout(w.format()) : null;
      if (layout == null) continue;
      int before = after == 0 ? 0 : after + of.size() % MOST_STEPS;
      Entry e = entries.computeIfAbsent(Place.of(w), place -> new Entry(place, w, layout, before));
      e.before = Math.min(e.before, before);
      if (of.put(e.place, e) == null) e.users++;
    }
    index();
    long bytes = of.values().stream().mapToLong(e -> e.bytes).sum();
    return new Repacked() {
      private boolean open = true;

      @Override
      public long bytes() {
        return bytes;
      }

      @Override
      public void close() {
        if (open) leave(of.values());
        open = false;
      }
    };
  }

  /** Returns the layout for a format, null where there is none. */
  @Nullable Interleaved layout(BlockFormat format) {
    Optional<Interleaved> known = layouts.get(format);
    if (known == null) {
      known = Optional.ofNullable(Interleaved.of(format, int8));
      layouts.put(format, known);
    }
    return known.orElse(null);
  }

  private void leave(Iterable<Entry> of) {
    for (Entry e : of) {
      if (--e.users == 0 && entries.remove(e.place, e)) e.free();
    }
    index();
  }

  private void index() {
    sorted =
        entries.values().stream()
            .sorted(Comparator.comparingLong(e -> e.place.address))
            .toArray(Entry[]::new);
    addresses = Arrays.stream(sorted).mapToLong(e -> e.place.address).toArray();
  }

  private @Nullable Entry find(Tensor w) {
    int at = Arrays.binarySearch(addresses, w.data().address());
    if (at < 0) return null;
    // A model that is gone may have had weights at the same place.
    while (at > 0 && addresses[at - 1] == addresses[at]) at--;
    for (int i = at; i < sorted.length && addresses[i] == addresses[at]; i++) {
      if (sorted[i].isOf(w)) return sorted[i];
    }
    return null;
  }

  /** Returns the copy of a weight, and makes it when it is due; null as long as there is none. */
  @Nullable InterleavedCopy of(Team team, Tensor w) {
    if (sorted.length == 0 || !w.data().isNative()) return null;
    Entry e = find(w);
    if (e == null) return null;
    if (e.before > 0) {
      e.before--;
      return null;
    }
    if (!e.tried) {
      e.tried = true;
      e.copy = InterleavedCopy.of(e.layout, w, team);
    }
    return e.copy;
  }

  @Override
  public void close() {
    entries.values().forEach(Entry::free);
    entries.clear();
    index();
  }
}
