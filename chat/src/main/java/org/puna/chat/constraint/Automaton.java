package org.puna.chat.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * Recognises a grammar byte by byte. A state is everything that the grammar may be in the middle
 * of: a set of places in the network, each with the calls to return from. States are made when
 * first reached and kept, so that the second visit of a place costs a look-up; equal states are one
 * object.
 *
 * <p>Safe for use by many threads.
 */
public final class Automaton {
  /** Kept states; beyond it all are forgotten and made again as needed. */
  private static final int MAX_STATES = 20_000;

  /** Places in all kept states; beyond it all are forgotten and made again as needed. */
  private static final int MAX_KEPT = 1_000_000;

  /** Places in one state. */
  private static final int MAX_PLACES = 5_000;

  private final Network network;
  private final Map<Frame, Frame> frames = new HashMap<>();
  private final Map<List<Place>, State> states = new HashMap<>();
  private final State dead;
  private volatile State start;
  private int nextFrame = 1;
  private int nextState;
  private int kept;
  private final AtomicLong made = new AtomicLong();

  /**
   * Compiles a grammar.
   *
   * @throws BadInput if it is left-recursive, too large, or matches no text
   */
  public Automaton(Grammar grammar) {
    network = new Network(grammar);
    dead = new State(List.of(), false, Network.NEVER, nextState++);
    start = first();
  }

  private State first() {
    return intern(close(List.of(new Place(network.root().start(), null))));
  }

  /** Returns the state before the first byte. */
  public State start() {
    return start;
  }

  /** Returns the nodes of the compiled grammar: a measure of the memory that it takes. */
  public int size() {
    return network.size();
  }

  /** Returns a measure of the work that making states has taken so far. */
  long made() {
    return made.get();
  }

  /** A call to return from: where to go on, and the call around it. Equal frames are one object. */
  private static final class Frame {
    final int next;
    final @Nullable Frame around;
    final int distance;
    final int id;

    Frame(int next, @Nullable Frame around, int distance, int id) {
      this.next = next;
      this.around = around;
      this.distance = distance;
      this.id = id;
    }

    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Frame f && next == f.next && idOf(around) == idOf(f.around);
    }

    @Override
    public int hashCode() {
      return 31 * next + idOf(around);
    }
  }

  private static int idOf(@Nullable Frame f) {
    return f == null ? 0 : f.id;
  }

  /** A node of the network with the calls around it. */
  private record Place(int node, @Nullable Frame frame) {
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Place p && node == p.node && idOf(frame) == idOf(p.frame);
    }

    @Override
    public int hashCode() {
      return 31 * node + idOf(frame);
    }
  }

  /** What may come after some bytes. */
  public final class State {
    private final List<Place> places;
    private final boolean accepts;
    private final int distance;
    private final int id;

    /** By class of bytes: null is not known yet, {@link #dead} leads nowhere. */
    private final @Nullable State[] next;

    private volatile PlainTokens.@Nullable Next plain;

    private State(List<Place> places, boolean accepts, int distance, int id) {
      this.places = places;
      this.accepts = accepts;
      this.distance = distance;
      this.id = id;
      next = new State[network.classes()];
    }

    /** Returns the number by which caches know it. */
    int id() {
      return id;
    }

    /**
     * Returns the state after one more byte, or null where no text of the grammar goes on so.
     *
     * @param symbol a byte, or {@link Network#FIRST_MARK} and the number of a mark
     */
    public @Nullable State next(int symbol) {
      int c = network.classOf(symbol);
      State known = next[c];
      if (known == null) {
        synchronized (Automaton.this) {
          known = next[c];
          if (known == null) {
            known = step(this, symbol);
            next[c] = known;
          }
        }
      }
      return known == dead ? null : known;
    }

    /** Returns what plain characters lead to. */
    PlainTokens.Next plain() {
      PlainTokens.Next known = plain;
      if (known == null) {
        known = PlainTokens.next(this);
        plain = known;
      }
      return known;
    }

    /** Returns the group of a byte: all of one group lead to the same state. */
    int group(int b) {
      return network.classOf(b);
    }

    /** Returns the byte that must come next; −1 where there is a choice, or nothing must come. */
    int onlyByte() {
      if (accepts) return -1;
      int only = -1;
      for (Place p : places) {
        for (int[] edge : network.bytes(p.node)) {
          if (network.distance(edge[2]) >= Network.NEVER) continue;
          if (edge[0] != edge[1] || (only >= 0 && edge[0] != only)) return -1;
          only = edge[0];
        }
      }
      return only < Network.FIRST_MARK ? only : -1;
    }

    /** Returns whether the bytes so far are a whole text of the grammar. */
    public boolean accepts() {
      return accepts;
    }

    /** Returns whether the bytes so far are a whole text and no longer text begins with them. */
    public boolean finished() {
      return accepts && places.stream().allMatch(p -> network.bytes(p.node).isEmpty());
    }

    /** Returns how many more bytes a whole text needs at least. */
    public int distance() {
      return distance;
    }
  }

  private State step(State s, int b) {
    List<Place> reached = new ArrayList<>();
    for (Place p : s.places) {
      for (int[] edge : network.bytes(p.node)) {
        if (b >= edge[0] && b <= edge[1]) reached.add(new Place(edge[2], p.frame));
      }
    }
    Set<Place> closed = close(reached);
    return closed.isEmpty() ? dead : intern(closed);
  }

  /** Follows everything that takes no byte. */
  private Set<Place> close(List<Place> from) {
    Set<Place> seen = new LinkedHashSet<>();
    Deque<Place> work = new ArrayDeque<>(from);
    while (!work.isEmpty()) {
      Place p = work.removeFirst();
      if (network.distance(p.node) >= Network.NEVER || !seen.add(p)) continue;
      if (seen.size() > MAX_PLACES) {
        throw new BadInput("grammar: too ambiguous: one text can be read in too many ways");
      }
      if (network.isEnd(p.node) && p.frame != null) {
        work.add(new Place(p.frame.next, p.frame.around));
      }
      for (int e : network.empty(p.node)) work.add(new Place(e, p.frame));
      for (Network.Call c : network.calls(p.node)) {
        if (network.distance(c.next()) >= Network.NEVER) continue;
        // A call with nothing after it returns straight to the caller's caller, so right recursion
        // needs no depth.
        Frame f = network.isTail(c.next()) ? p.frame : frame(c.next(), p.frame);
        work.add(new Place(c.start(), f));
      }
    }
    return seen;
  }

  private Frame frame(int next, @Nullable Frame around) {
    int d = network.distance(next) + (around == null ? 0 : around.distance);
    Frame f = new Frame(next, around, Math.min(d, Network.NEVER), nextFrame);
    Frame known = frames.putIfAbsent(f, f);
    if (known != null) return known;
    nextFrame++;
    return f;
  }

  private State intern(Set<Place> closed) {
    boolean accepts = closed.stream().anyMatch(p -> p.frame == null && network.isEnd(p.node));
    int distance = Network.NEVER;
    List<Place> kernel = new ArrayList<>();
    for (Place p : closed) {
      int d = network.distance(p.node) + (p.frame == null ? 0 : p.frame.distance);
      distance = Math.min(distance, d);
      if (!network.bytes(p.node).isEmpty() || (p.frame == null && network.isEnd(p.node))) {
        kernel.add(p);
      }
    }
    kernel.sort(Comparator.comparingInt(Place::node).thenComparingInt(p -> idOf(p.frame)));
    made.addAndGet(closed.size());
    int least = distance;
    List<Place> key = List.copyOf(kernel);
    State known = states.get(key);
    if (known != null) return known;
    if (states.size() >= MAX_STATES || kept > MAX_KEPT) forget();
    State fresh = new State(key, accepts, least, nextState++);
    states.put(key, fresh);
    kept += key.size();
    return fresh;
  }

  /** Lets go of all states but those that answers stand in: nothing else leads to them. */
  private void forget() {
    states.clear();
    frames.clear();
    kept = 0;
    start = new State(start.places, start.accepts, start.distance, nextState++);
  }
}
