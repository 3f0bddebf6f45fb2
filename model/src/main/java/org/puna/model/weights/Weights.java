package org.puna.model.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.io.Names;
import org.puna.model.layers.Params;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * The weights of a model by canonical name, whatever file they lie in. Most are views of the mapped
 * file; where the file's layout forbids it (experts stored one by one or transposed, shifted norms)
 * a copy is made when first asked for, and lives as long as the arena.
 *
 * <p>Safe for many threads.
 */
public final class Weights implements Params {
  private static final int NAMES_SHOWN = 4;
  private static final long ALIGNMENT = 64;

  private final String source;
  private final Map<String, Weight> weights = new LinkedHashMap<>();
  private final Map<String, Stored> storedBy = new HashMap<>();
  private final Function<String, Optional<Tensor>> tensors;
  private final boolean ropeInterleaved;
  private final Arena arena;
  private final Map<String, Tensor> found = new ConcurrentHashMap<>();

  /**
   * Holds a file's tensors against what a model needs.
   *
   * @param source the file or folder, for errors
   * @param expected every weight of the model
   * @param layout how the file stores them
   * @param tensors the file's tensors by stored name
   * @param ropeInterleaved whether rotating pairs are neighbours in this file
   * @param arena owner of the copies
   * @throws BadInput if a required tensor is missing or a shape contradicts the configuration
   */
  public Weights(
      String source,
      List<Weight> expected,
      List<Stored> layout,
      Function<String, Optional<Tensor>> tensors,
      boolean ropeInterleaved,
      Arena arena) {
    this.source = source;
    this.tensors = tensors;
    this.ropeInterleaved = ropeInterleaved;
    this.arena = arena;
    var all = new LinkedHashMap<String, Weight>();
    for (Weight w : expected) all.put(w.name(), w);
    check(all, layout);
  }

  private void check(Map<String, Weight> all, List<Stored> layout) {
    var missing = new ArrayList<String>();
    for (Stored s : layout) {
      List<String> absent = s.stored().stream().filter(n -> tensors.apply(n).isEmpty()).toList();
      if (!absent.isEmpty()) {
        if (s.canonical().stream().anyMatch(n -> weight(all, n).required())) {
          missing.addAll(absent);
        }
        continue;
      }
      s.shapes(n -> weight(all, n).shape()).forEach(this::checkShape);
      for (String n : s.canonical()) storedBy.put(n, s);
    }
    if (!missing.isEmpty()) {
      int n = missing.size();
      throw new BadInput(
          source
              + ": "
              + (n == 1 ? "1 tensor is" : n + " tensors are")
              + " missing: "
              + String.join(", ", missing.subList(0, Math.min(NAMES_SHOWN, n)))
              + (n > NAMES_SHOWN ? ", …" : "")
              + "; is this file complete and of this architecture?");
    }
    for (Weight w : all.values()) {
      if (storedBy.containsKey(w.name())) weights.put(w.name(), w);
      else if (w.required()) throw new IllegalStateException("no layout for " + w.name());
    }
  }

  private static Weight weight(Map<String, Weight> all, String name) {
    Weight w = all.get(name);
    if (w == null) throw new IllegalStateException("layout of an unknown weight " + name);
    return w;
  }

  private void checkShape(String name, long[] expected) {
    long[] shape = tensors.apply(name).orElseThrow().shape();
    if (!Arrays.equals(shape, expected)) {
      throw new BadInput(
          source
              + ": tensor "
              + Names.quote(name)
              + ": shape: expected "
              + Arrays.toString(expected)
              + " by the configuration, found "
              + Arrays.toString(shape)
              + "; do weights and configuration belong together?");
    }
  }

  /** Returns the weights that the model has, in the order of the architecture's list. */
  public List<Weight> all() {
    return List.copyOf(weights.values());
  }

  @Override
  public Param get(String name) {
    return find(name)
        .orElseThrow(() -> new BadInput(source + ": the model has no weight " + Names.quote(name)));
  }

  @Override
  public Optional<Param> find(String name) {
    return tensor(name).map(t -> new Param(name, t));
  }

  /** Returns a weight's numbers, copied where the file's layout differs. */
  public Optional<Tensor> tensor(String name) {
    if (!weights.containsKey(name)) return Optional.empty();
    return Optional.of(found.computeIfAbsent(name, n -> materialised(rows(n))));
  }

  /**
   * Returns a weight's rows without copying them.
   *
   * @throws IllegalArgumentException if the model has no such weight
   */
  public Rows rows(String name) {
    @Nullable Stored s = storedBy.get(name);
    if (s == null || !weights.containsKey(name)) {
      throw new IllegalArgumentException("no weight " + name);
    }
    Map<String, Rows> parts =
        s.read(n -> Rows.of(tensors.apply(n).orElseThrow()), n -> weight(weights, n).shape());
    Rows rows = parts.get(name);
    if (rows == null) throw new IllegalStateException("layout of " + name);
    return rows;
  }

  @Override
  public boolean ropeInterleaved() {
    return ropeInterleaved;
  }

  private Tensor materialised(Rows rows) {
    Optional<Tensor> view = rows.view();
    if (view.isPresent()) return view.get();
    BlockFormat first = rows.format(0);
    boolean mixed = false;
    for (long r = 0; r < rows.rows(); r += rows.run(r)) mixed |= !rows.format(r).equals(first);
    Rows same = mixed ? rows.to(BlockFormats.F32) : rows;
    BlockFormat format = same.format(0);
    long bytes = Math.multiplyExact(same.rows(), format.bytes(same.rowElements()));
    MemorySegment copy;
    synchronized (arena) {
      copy = arena.allocate(bytes, ALIGNMENT);
    }
    Pieces.forEach(
        same,
        Runtime.getRuntime().availableProcessors(),
        (offset, piece) -> MemorySegment.copy(piece, 0, copy, offset, piece.byteSize()));
    return new Tensor(format, same.shape(), copy);
  }
}
