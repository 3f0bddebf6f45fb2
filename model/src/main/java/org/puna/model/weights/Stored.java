package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * How a file stores one weight or a few that belong together, readable in both directions: {@link
 * #read} makes canonical weights of stored tensors, {@link #write} stored tensors of canonical
 * weights.
 */
public sealed interface Stored {
  /** Returns the names of the stored tensors. */
  List<String> stored();

  /** Returns the names of the canonical weights. */
  List<String> canonical();

  /**
   * Returns the shapes that stored tensors must have.
   *
   * @param shapes the shape of each canonical weight
   */
  Map<String, long[]> shapes(Function<String, long[]> shapes);

  /**
   * Returns the canonical weights.
   *
   * @param stored each stored tensor, of the right shape
   * @param shapes the shape of each canonical weight
   */
  Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes);

  /**
   * Returns the stored tensors.
   *
   * @param canonical each canonical weight
   */
  Map<String, Rows> write(Function<String, Rows> canonical);

  /**
   * The weight as it is, maybe under another name.
   *
   * @param file stored name
   * @param name canonical name
   */
  record Plain(String file, String name) implements Stored {
    @Override
    public List<String> stored() {
      return List.of(file);
    }

    @Override
    public List<String> canonical() {
      return List.of(name);
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      return Map.of(file, shapes.apply(name));
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      return Map.of(name, stored.apply(file));
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      return Map.of(file, canonical.apply(name));
    }
  }

  /**
   * The weight less a constant: norms that compute {@code x · (1 + w)} store {@code w}.
   *
   * @param file stored name
   * @param name canonical name, of what multiplies
   * @param shift what reading adds
   */
  record Shifted(String file, String name, float shift) implements Stored {
    @Override
    public List<String> stored() {
      return List.of(file);
    }

    @Override
    public List<String> canonical() {
      return List.of(name);
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      return Map.of(file, shapes.apply(name));
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      return Map.of(name, stored.apply(file).plus(shift));
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      return Map.of(file, canonical.apply(name).plus(-shift));
    }
  }

  /**
   * The last rows of a matrix: the first belong to nothing (RoBERTa's positions).
   *
   * @param file stored name
   * @param name canonical name
   * @param skipped rows before
   */
  record Tail(String file, String name, int skipped) implements Stored {
    @Override
    public List<String> stored() {
      return List.of(file);
    }

    @Override
    public List<String> canonical() {
      return List.of(name);
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      long[] s = shapes.apply(name).clone();
      s[0] += skipped;
      return Map.of(file, s);
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      Rows whole = stored.apply(file);
      return Map.of(name, skipped == 0 ? whole : whole.slice(skipped, shapes.apply(name)));
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      Rows rows = canonical.apply(name);
      if (skipped == 0) return Map.of(file, rows);
      long[] s = rows.shape();
      Rows before =
          Rows.of(
              new Tensor(
                  BlockFormats.F32,
                  new long[] {skipped, s[1]},
                  MemorySegment.ofArray(new byte[Math.toIntExact(skipped * s[1] * Float.BYTES)])));
      return Map.of(
          file,
          Rows.concat(
              List.of(before.to(BlockFormats.F32), rows.to(BlockFormats.F32)),
              s[0] + skipped,
              s[1]));
    }
  }

  /**
   * The rows of several weights one after another in one matrix.
   *
   * @param file stored name
   * @param parts canonical names in order
   */
  record Fused(String file, List<String> parts) implements Stored {
    @Override
    public List<String> stored() {
      return List.of(file);
    }

    @Override
    public List<String> canonical() {
      return parts;
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      long[] sum = shapes.apply(parts.getFirst()).clone();
      for (String p : parts.subList(1, parts.size())) sum[0] += shapes.apply(p)[0];
      return Map.of(file, sum);
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      Rows whole = stored.apply(file);
      var out = new LinkedHashMap<String, Rows>();
      long at = 0;
      for (String p : parts) {
        long[] shape = shapes.apply(p);
        out.put(p, shape.length == 1 ? run(whole, at, shape) : whole.slice(at, shape));
        at += shape[0];
      }
      return out;
    }

    /** A run of a vector, which is one row. */
    private static Rows run(Rows vector, long at, long[] shape) {
      Tensor t = vector.view().orElseThrow(() -> new IllegalStateException("a copied vector"));
      BlockFormat f = t.format();
      return Rows.of(new Tensor(f, shape, t.data().asSlice(f.bytes(at), f.bytes(shape[0]))));
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      List<Rows> all = parts.stream().map(canonical).toList();
      long[] shape = shapes(p -> canonical.apply(p).shape()).get(file);
      return shape == null ? Map.of() : Map.of(file, Rows.concat(all, shape));
    }
  }

  /**
   * Experts stored one by one.
   *
   * @param files stored names, one for each expert
   * @param name canonical name of {@code [E, out, in]}
   */
  record Experts(List<String> files, String name) implements Stored {
    @Override
    public List<String> stored() {
      return files;
    }

    @Override
    public List<String> canonical() {
      return List.of(name);
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      long[] s = shapes.apply(name);
      var out = new LinkedHashMap<String, long[]>();
      for (String f : files) out.put(f, new long[] {s[1], s[2]});
      return out;
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      return Map.of(name, Rows.concat(files.stream().map(stored).toList(), shapes.apply(name)));
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      Rows all = canonical.apply(name);
      long[] s = all.shape();
      var out = new LinkedHashMap<String, Rows>();
      for (int e = 0; e < files.size(); e++) {
        out.put(files.get(e), all.slice(e * s[1], s[1], s[2]));
      }
      return out;
    }
  }

  /**
   * Experts of several weights in one tensor {@code [E, in, Σ out]}, multiplied from the left.
   *
   * @param file stored name
   * @param parts canonical names of {@code [E, out, in]}, in order of columns
   */
  record TransposedExperts(String file, List<String> parts) implements Stored {
    @Override
    public List<String> stored() {
      return List.of(file);
    }

    @Override
    public List<String> canonical() {
      return parts;
    }

    @Override
    public Map<String, long[]> shapes(Function<String, long[]> shapes) {
      long[] first = shapes.apply(parts.getFirst());
      long width = 0;
      for (String p : parts) width += shapes.apply(p)[1];
      return Map.of(file, new long[] {first[0], first[2], width});
    }

    @Override
    public Map<String, Rows> read(Function<String, Rows> stored, Function<String, long[]> shapes) {
      Rows whole = plain(stored.apply(file));
      var out = new LinkedHashMap<String, Rows>();
      long at = 0;
      for (String p : parts) {
        long width = shapes.apply(p)[1];
        out.put(p, new TransposedRows(whole, at, width));
        at += width;
      }
      return out;
    }

    @Override
    public Map<String, Rows> write(Function<String, Rows> canonical) {
      var all = new ArrayList<Rows>();
      for (String p : parts) {
        Rows part = plain(canonical.apply(p));
        all.add(new TransposedRows(part, 0, part.shape()[2]));
      }
      // Parts of different plain types meet in the widest.
      boolean equal = all.stream().allMatch(r -> r.format(0).equals(all.getFirst().format(0)));
      List<Rows> same = equal ? all : all.stream().map(r -> r.to(BlockFormats.F32)).toList();
      return Map.of(file, same.size() == 1 ? same.getFirst() : new BesideRows(same));
    }

    private static Rows plain(Rows rows) {
      boolean one = rows.run(0) == rows.rows() && rows.format(0).blockElements() == 1;
      return one ? rows : rows.to(BlockFormats.F32);
    }
  }
}
