package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Rows whose methods the compiler compiles on their own and never as part of a caller. It stops
 * expanding vector operations at a number of nodes, and one that is left a call boxes its vectors:
 * ten times slower. A caller that sees two formats would expand both and pass that number, so the
 * calls go through handles, which are opaque unless they are constants.
 */
final class CompiledAlone implements StoredRows {
  private static final MethodHandle DECODE =
      method(
          "decode",
          void.class,
          MemorySegment.class,
          long.class,
          float[].class,
          int.class,
          int.class);

  private static final MethodHandle DOT =
      method(
          "dot",
          float.class,
          MemorySegment.class,
          long.class,
          float[].class,
          int.class,
          int.class,
          float[].class,
          Room.class);

  private final StoredRows rows;
  private final MethodHandle decode;
  private final MethodHandle dot;

  CompiledAlone(StoredRows rows) {
    this.rows = rows;
    decode = DECODE.bindTo(rows);
    dot = DOT.bindTo(rows);
  }

  private static MethodHandle method(String name, Class<?> result, Class<?>... parameters) {
    try {
      MethodType type = MethodType.methodType(result, parameters);
      return MethodHandles.lookup().findVirtual(StoredRows.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    try {
      decode.invokeExact(w, offset, dst, at, n);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    try {
      return (float) dot.invokeExact(w, offset, x, xAt, n, sums, room);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public boolean needsSums() {
    return rows.needsSums();
  }
}
