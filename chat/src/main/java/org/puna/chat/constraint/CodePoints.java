package org.puna.chat.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A set of Unicode code points, as ranges in order that neither touch nor overlap. Surrogates are
 * never members: they have no UTF-8.
 *
 * @param ranges pairs of first and last code point
 */
public record CodePoints(List<Range> ranges) {
  /** All of Unicode but surrogates. */
  public static final CodePoints ALL = of(0, 0x10FFFF);

  /** No code point. */
  public static final CodePoints NONE = new CodePoints(List.of());

  /**
   * Code points from first to last, both included.
   *
   * @param first at least 0
   * @param last at most 0x10FFFF
   */
  public record Range(int first, int last) {}

  /** Sorts and merges the ranges, and takes surrogates out. */
  public CodePoints {
    ranges = normalise(ranges);
  }

  /** Returns the code points from first to last, both included. */
  public static CodePoints of(int first, int last) {
    return new CodePoints(List.of(new Range(first, last)));
  }

  /** Returns one code point. */
  public static CodePoints of(int codePoint) {
    return of(codePoint, codePoint);
  }

  /** Returns the set of the characters of a text. */
  public static CodePoints among(String text) {
    return new CodePoints(text.codePoints().mapToObj(c -> new Range(c, c)).toList());
  }

  /** Returns the members of either set. */
  public CodePoints or(CodePoints other) {
    List<Range> all = new ArrayList<>(ranges);
    all.addAll(other.ranges);
    return new CodePoints(all);
  }

  /** Returns everything that is not a member. */
  public CodePoints complement() {
    List<Range> out = new ArrayList<>();
    int from = 0;
    for (Range r : ranges) {
      if (r.first > from) out.add(new Range(from, r.first - 1));
      from = r.last + 1;
    }
    if (from <= 0x10FFFF) out.add(new Range(from, 0x10FFFF));
    return new CodePoints(out);
  }

  /** Returns the members of both sets. */
  public CodePoints and(CodePoints other) {
    return complement().or(other.complement()).complement();
  }

  /** Returns the members that are not in another set. */
  public CodePoints minus(CodePoints other) {
    return and(other.complement());
  }

  /** Returns whether a code point is a member. */
  public boolean contains(int codePoint) {
    return ranges.stream().anyMatch(r -> codePoint >= r.first && codePoint <= r.last);
  }

  /** Returns whether it has no members. */
  public boolean isEmpty() {
    return ranges.isEmpty();
  }

  private static List<Range> normalise(List<Range> in) {
    List<Range> sorted = new ArrayList<>();
    for (Range r : in) {
      // Cut at the surrogates.
      if (r.first <= 0xD7FF) sorted.add(new Range(r.first, Math.min(r.last, 0xD7FF)));
      if (r.last >= 0xE000) sorted.add(new Range(Math.max(r.first, 0xE000), r.last));
    }
    sorted.removeIf(r -> r.first > r.last);
    sorted.sort(Comparator.comparingInt(Range::first));
    List<Range> out = new ArrayList<>();
    for (Range r : sorted) {
      Range last = out.isEmpty() ? null : out.getLast();
      if (last != null && r.first <= last.last + 1) {
        out.set(out.size() - 1, new Range(last.first, Math.max(last.last, r.last)));
      } else {
        out.add(r);
      }
    }
    return List.copyOf(out);
  }

  /**
   * Returns the UTF-8 of all members as sequences of byte ranges: a member's bytes match exactly
   * one of them.
   *
   * @return each an array of pairs: lowest and highest byte, for one to four bytes
   */
  List<int[]> utf8() {
    List<int[]> out = new ArrayList<>();
    for (Range r : ranges) split(r.first, r.last, out);
    return out;
  }

  private static void split(int first, int last, List<int[]> out) {
    int[] ends = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
    for (int end : ends) {
      if (first <= end && last > end) {
        split(first, end, out);
        split(end + 1, last, out);
        return;
      }
    }
    if (last <= 0x7F) {
      out.add(new int[] {first, last});
      return;
    }
    // Align to blocks of continuation bytes, so that every later byte takes its full range.
    for (int shift = 6; shift <= 18; shift += 6) {
      int mask = (1 << shift) - 1;
      if ((first & ~mask) != (last & ~mask)) {
        if ((first & mask) != 0) {
          split(first, first | mask, out);
          split((first | mask) + 1, last, out);
          return;
        }
        if ((last & mask) != mask) {
          split(first, (last & ~mask) - 1, out);
          split(last & ~mask, last, out);
          return;
        }
      }
    }
    byte[] a = Character.toString(first).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] b = Character.toString(last).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int[] pairs = new int[2 * a.length];
    for (int i = 0; i < a.length; i++) {
      pairs[2 * i] = a[i] & 0xFF;
      pairs[2 * i + 1] = b[i] & 0xFF;
    }
    out.add(pairs);
  }

  @Override
  public String toString() {
    return Arrays.toString(
        ranges.stream()
            .map(r -> Integer.toHexString(r.first) + "-" + Integer.toHexString(r.last))
            .toArray());
  }
}
