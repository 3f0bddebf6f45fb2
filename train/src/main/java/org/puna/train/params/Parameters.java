package org.puna.train.params;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;
import org.puna.model.layers.Params;
import org.puna.tensor.Param;

/** All weights of a model in training, trained and frozen, by canonical name. */
public final class Parameters implements Params {
  private final Map<String, Parameter> trained = new LinkedHashMap<>();
  private final Map<String, Param> all = new LinkedHashMap<>();
  private final boolean ropeInterleaved;

  /**
   * Weights of a model.
   *
   * @param trained those that are trained
   * @param frozen the others, in any format
   * @param ropeInterleaved whether rotating pairs are neighbouring rows of queries and keys
   */
  public Parameters(
      Collection<Parameter> trained, Collection<Param> frozen, boolean ropeInterleaved) {
    for (Parameter p : trained) {
      this.trained.put(p.name(), p);
      all.put(p.name(), p.param());
    }
    for (Param p : frozen) all.put(p.name(), p);
    if (all.size() != trained.size() + frozen.size()) {
      throw new IllegalArgumentException("two weights have the same name");
    }
    this.ropeInterleaved = ropeInterleaved;
  }

  /** Returns the trained weights. */
  public List<Parameter> trained() {
    return List.copyOf(trained.values());
  }

  /** Returns all weights, trained and frozen. */
  public List<Param> all() {
    return new ArrayList<>(all.values());
  }

  /** Returns the gradients of the trained weights by name. */
  public Map<String, float[]> gradients() {
    Map<String, float[]> g = new LinkedHashMap<>();
    trained.forEach((name, p) -> g.put(name, p.gradient()));
    return g;
  }

  /** Returns how many numbers are trained. */
  public long trainedNumbers() {
    return trained.values().stream().mapToLong(Parameter::size).sum();
  }

  @Override
  public Param get(String name) {
    return find(name).orElseThrow(() -> new BadInput("the model has no weight \"" + name + "\""));
  }

  @Override
  public Optional<Param> find(String name) {
    return Optional.ofNullable(all.get(name));
  }

  @Override
  public boolean ropeInterleaved() {
    return ropeInterleaved;
  }
}
