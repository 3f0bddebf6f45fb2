package org.puna.tensor;

import java.util.Arrays;

/**
 * What one step computes: tokens of one or more sequences, row by row, and which rows' results are
 * asked for. The arrays are reused from step to step; call {@link #clear()} and fill again.
 *
 * <p>The rows of a sequence are contiguous and its positions consecutive. A sequence's cached
 * positions live in the pages of its page table: position p is entry {@code p % pageTokens} of page
 * {@code pages[p / pageTokens]}.
 */
public final class Batch {
  private final int[] tokens;
  private final int[] positions;
  private final int[] segments;
  private final int[] outputRows;
  private int nTokens;
  private int nOutputs;
  private Part[] parts = {new Part()};
  private int nParts;

  /** A sequence's share of the step; it is used again by a later step. */
  public static final class Part {
    private static final int[] NONE = {};

    private int firstRow;
    private int rows;
    private int firstPosition;
    private int[] pages = NONE;

    private Part() {}

    /** Returns its first row. */
    public int firstRow() {
      return firstRow;
    }

    /** Returns its number of rows. */
    public int rows() {
      return rows;
    }

    /** Returns the position of its first row: the positions already cached. */
    public int firstPosition() {
      return firstPosition;
    }

    /** Returns its page table, at least up to the last position. */
    public int[] pages() {
      return pages;
    }

    /** Returns the positions of the sequence after this step. */
    public int length() {
      return firstPosition + rows;
    }
  }

  /** Rows of a whole sequence whose results are asked for. */
  public enum Wanted {
    /** The first. */
    FIRST,
    /** The last. */
    LAST,
    /** All of them. */
    ALL
  }

  /**
   * An empty batch.
   *
   * @param maxTokens rows it can hold
   * @param maxOutputs results it can ask for
   */
  public Batch(int maxTokens, int maxOutputs) {
    tokens = new int[maxTokens];
    positions = new int[maxTokens];
    segments = new int[maxTokens];
    outputRows = new int[maxOutputs];
  }

  /** Empties it. */
  public void clear() {
    nTokens = 0;
    nOutputs = 0;
    for (int i = 0; i < nParts; i++) parts[i].pages = Part.NONE;
    nParts = 0;
  }

  /**
   * Adds tokens {@code from} (inclusive) to {@code to} (exclusive) of a sequence at consecutive
   * positions.
   *
   * @param firstPosition position of the first
   * @param pages the sequence's page table
   * @param outputs how many of the last of these tokens' results are asked for
   * @return the index among the outputs of the first of them
   * @throws IllegalArgumentException if they do not fit
   */
  public int add(int[] ids, int from, int to, int firstPosition, int[] pages, int outputs) {
    int n = to - from;
    if (n < 1 || n > room() || outputs > n || outputs > outputRows.length - nOutputs) {
      throw new IllegalArgumentException(
          "batch: "
              + n
              + " tokens with "
              + outputs
              + " outputs do not fit in "
              + room()
              + " with "
              + (outputRows.length - nOutputs));
    }
    if (nParts == parts.length) {
      parts = Arrays.copyOf(parts, 2 * nParts);
      for (int i = nParts; i < parts.length; i++) parts[i] = new Part();
    }
    Part part = parts[nParts++];
    part.firstRow = nTokens;
    part.rows = n;
    part.firstPosition = firstPosition;
    part.pages = pages;
    for (int i = 0; i < n; i++) {
      tokens[nTokens + i] = ids[from + i];
      positions[nTokens + i] = firstPosition + i;
      segments[nTokens + i] = 0;
    }
    nTokens += n;
    int first = nOutputs;
    for (int i = outputs; i > 0; i--) outputRows[nOutputs++] = nTokens - i;
    return first;
  }

  /**
   * Adds a whole sequence with the segments of its tokens.
   *
   * @param ids token ids
   * @param segments a segment for each
   * @param pages the sequence's page table
   * @param wanted which results are asked for
   * @return the index among the outputs of the first of them
   * @throws IllegalArgumentException if they do not fit
   */
  public int add(int[] ids, int[] segments, int[] pages, Wanted wanted) {
    if (segments.length != ids.length) {
      throw new IllegalArgumentException(
          "batch: " + ids.length + " tokens, " + segments.length + " segments");
    }
    int first = add(ids, 0, ids.length, 0, pages, wanted == Wanted.ALL ? ids.length : 1);
    int row = nTokens - ids.length;
    System.arraycopy(segments, 0, this.segments, row, ids.length);
    if (wanted == Wanted.FIRST) outputRows[first] = row;
    return first;
  }

  /** Returns how many more tokens fit. */
  public int room() {
    return tokens.length - nTokens;
  }

  /** Returns the number of rows. */
  public int tokens() {
    return nTokens;
  }

  /** Returns the number of results asked for. */
  public int outputs() {
    return nOutputs;
  }

  /** Returns the number of sequences. */
  public int parts() {
    return nParts;
  }

  /** Returns a sequence's share. */
  public Part part(int i) {
    return parts[i];
  }

  /** Returns the token of a row. */
  public int token(int row) {
    return tokens[row];
  }

  /** Returns the position of a row in its sequence. */
  public int position(int row) {
    return positions[row];
  }

  /** Returns the segment of a row. */
  public int segment(int row) {
    return segments[row];
  }

  /** Returns the row of an output. */
  public int outputRow(int output) {
    return outputRows[output];
  }

  /** Returns how many tokens and outputs it can hold, in this order. */
  int[] limits() {
    return new int[] {tokens.length, outputRows.length};
  }
}
