package org.puna.tensor.quant;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * What every block format shares: its four numbers, the checks of both directions and the walk from
 * block to block. A format adds the layout of one block.
 */
abstract class Blocks implements BlockFormat {
  private final String name;
  private final int id;
  private final int blockElements;
  private final int blockBytes;

  Blocks(String name, int id, int blockElements, int blockBytes) {
    this.name = name;
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** Decodes one block; both sides are known to be long enough. */
  abstract void decodeBlock(MemorySegment src, long offset, float[] dst, int at);

  /** Encodes one block; both sides are known to be long enough and the numbers to be storable. */
  abstract void encodeBlock(float[] src, int at, MemorySegment dst, long offset);

  /** Returns whether infinities and NaN can be stored; a shared scale has no place for them. */
  boolean storesNonFinite() {
    return false;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final int id() {
    return id;
  }

  @Override
  public final int blockElements() {
    return blockElements;
  }

  @Override
  public final int blockBytes() {
    return blockBytes;
  }

  @Override
  public boolean canEncode() {
    return true;
  }

  @Override
  public final void decode(MemorySegment src, long offset, float[] dst, int at, int n) {
    Objects.checkFromIndexSize(offset, bytes(n), src.byteSize());
    Objects.checkFromIndexSize(at, n, dst.length);
    int blocks = n / blockElements;
    for (int b = 0; b < blocks; b++) {
      decodeBlock(src, offset + (long) b * blockBytes, dst, at + b * blockElements);
    }
  }

  @Override
  public final void encode(float[] src, int at, int n, MemorySegment dst, long offset) {
    if (!canEncode()) throw new UnsupportedOperationException(name + ": cannot be encoded");
    Objects.checkFromIndexSize(offset, bytes(n), dst.byteSize());
    Objects.checkFromIndexSize(at, n, src.length);
    if (!storesNonFinite()) checkFinite(src, at, n);
    int blocks = n / blockElements;
    for (int b = 0; b < blocks; b++) {
      encodeBlock(src, at + b * blockElements, dst, offset + (long) b * blockBytes);
    }
  }

  private void checkFinite(float[] src, int at, int n) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(src[at + i])) {
        throw new IllegalArgumentException(
            name + ": number " + i + " of " + n + " is " + src[at + i] + "; expected finite ones");
      }
    }
  }

  @Override
  public final String toString() {
    return name;
  }
}
