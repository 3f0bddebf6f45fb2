package org.puna.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.arch.Architecture;
import org.puna.model.config.ModelConfig;
import org.puna.model.weights.Stored;

/**
 * How a GGUF file at hand stores an architecture's weights: converters may fuse queries, keys and
 * values of any architecture, or leave apart what others fuse.
 */
final class GgufLayout {
  private static final Pattern QKV =
      Pattern.compile("(blk\\.\\d+\\.attn_)[qkv](\\.(?:weight|bias))");

  private GgufLayout() {}

  static List<Stored> of(Architecture a, ModelConfig config, Set<String> tensors) {
    var out = new ArrayList<Stored>();
    var fused = new LinkedHashMap<String, Stored>();
    for (Stored s : a.ggufLayout(config)) {
      if (tensors.containsAll(s.stored())) {
        out.add(s);
        continue;
      }
      if (s instanceof Stored.Fused f && tensors.containsAll(f.parts())) {
        for (String part : f.parts()) out.add(new Stored.Plain(part, part));
        continue;
      }
      Matcher m = QKV.matcher(s.stored().getFirst());
      if (m.matches() && tensors.contains(m.group(1) + "qkv" + m.group(2))) {
        String p = m.group(1);
        String w = m.group(2);
        fused.put(
            p + w, new Stored.Fused(p + "qkv" + w, List.of(p + "q" + w, p + "k" + w, p + "v" + w)));
        continue;
      }
      out.add(s);
    }
    out.addAll(fused.values());
    return out;
  }
}
