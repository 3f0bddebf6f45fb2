package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.FloatVector;

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
          int.class,
          RowScratch.class);

  private static final MethodHandle READ_SCALES =
      method(
          "readScales", void.class, MemorySegment.class, long.class, int.class, RowScratch.class);

  private static final MethodHandle DOTS =
      method(
          "dots",
          void.class,
          MemorySegment.class,
          long.class,
          long.class,
          float[].class,
          float[].class,
          int.class,
          RowScratch.class,
          float[].class);

  private final StoredRows rows;
  private final MethodHandle decode;
  private final MethodHandle readScales;
  private final MethodHandle dots;

  CompiledAlone(StoredRows rows) {
    this.rows = rows;
    decode = DECODE.bindTo(rows);
    readScales = READ_SCALES.bindTo(rows);
    dots = DOTS.bindTo(rows);
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
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch scales) {
    try {
      decode.invokeExact(w, offset, dst, at, n, scales);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void readScales(MemorySegment w, long offset, int n, RowScratch to) {
    try {
      readScales.invokeExact(w, offset, n, to);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    try {
      dots.invokeExact(w, first, apart, x, prepared, n, room, sums);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public int rows() {
    return rows.rows();
  }

  @Override
  public int prepared(int n) {
    return rows.prepared(n);
  }

  @Override
  public void prepare(float[] x, int n, float[] prepared) {
    rows.prepare(x, n, prepared);
  }

  @Override
  public void readVectors(MemorySegment w, long offset, int n, RowScratch to) {
    rows.readVectors(w, offset, n, to);
  }

  @Override
  public FloatVector vector(MemorySegment w, long row, int i, RowScratch scales) {
    return rows.vector(w, row, i, scales);
  }
}
