package org.puna.model.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The id of each spelling; the map is made when first asked for, since most encodings never ask.
 */
final class SpellingIds {
  private final List<String> tokens;
  private @Nullable Map<String, Integer> ids;

  SpellingIds(List<String> tokens) {
    this.tokens = tokens;
  }

  /** The first id with a spelling, or -1. */
  synchronized int get(String spelling) {
    Map<String, Integer> map = ids;
    if (map == null) {
      map = HashMap.newHashMap(tokens.size());
      for (int id = 0; id < tokens.size(); id++) map.putIfAbsent(tokens.get(id), id);
      ids = map;
    }
    return map.getOrDefault(spelling, -1);
  }
}
