package org.puna.tensor.cpu.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Memory of each member of a team, made when a team first needs it and used again and again. */
final class Members<T> {
  private final Supplier<T> fresh;
  private final List<T> all = new ArrayList<>();

  /** Nothing yet; {@code fresh} makes the memory of one member. */
  Members(Supplier<T> fresh) {
    this.fresh = fresh;
  }

  /** Makes room for a team, before it runs: {@link #of} is for its threads and changes nothing. */
  void reserve(int team) {
    while (all.size() < team) all.add(fresh.get());
  }

  /** Returns the memory of a member. */
  T of(int member) {
    return all.get(member);
  }
}
