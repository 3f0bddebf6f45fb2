package org.puna.model.config;

import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;

/** The layers of a model, which do not change, and how many there are of each kind. */
final class Layers extends AbstractList<ModelConfig.Layer> implements RandomAccess {
  private final List<ModelConfig.Layer> all;
  private final List<ModelConfig.Kind> kinds;

  private Layers(List<ModelConfig.Layer> all) {
    this.all = all;
    Map<ModelConfig.Layer, Integer> counts = new LinkedHashMap<>();
    for (ModelConfig.Layer layer : all) counts.merge(layer, 1, Integer::sum);
    kinds =
        counts.entrySet().stream()
            .map(e -> new ModelConfig.Kind(e.getKey(), e.getValue()))
            .toList();
  }

  /** Returns a copy, or the list itself where it is one. */
  static Layers of(List<ModelConfig.Layer> layers) {
    return layers instanceof Layers l ? l : new Layers(List.copyOf(layers));
  }

  List<ModelConfig.Kind> kinds() {
    return kinds;
  }

  @Override
  public ModelConfig.Layer get(int index) {
    return all.get(index);
  }

  @Override
  public int size() {
    return all.size();
  }
}
