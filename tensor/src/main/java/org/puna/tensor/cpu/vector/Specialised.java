package org.puna.tensor.cpu.vector;

import java.io.IOException;
import java.io.InputStream;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;

/**
 * Loops that are written once and compiled for each format. A loop that calls its format through an
 * interface boxes every vector the call returns; so the class of the loop is defined once more for
 * each format, as a hidden class whose format is a constant that the compiler sees through.
 */
final class Specialised {
  private Specialised() {}

  /** Returns the loop {@code template} for a format. */
  static RowsProduct of(Class<? extends RowsProduct> template, StoredRows format) {
    return of(RowsProduct.class, template, format);
  }

  /**
   * Returns the loop {@code template} for what it asks {@link #data} for.
   *
   * @param type of what is returned
   */
  static <T> T of(Class<T> type, Class<? extends T> template, Object data) {
    String name = template.getSimpleName() + ".class";
    try (InputStream code = template.getResourceAsStream(name)) {
      MethodHandles.Lookup hidden =
          MethodHandles.lookup()
              .defineHiddenClassWithClassData(
                  Objects.requireNonNull(code, name).readAllBytes(), data, true);
      return type.cast(
          hidden.findConstructor(hidden.lookupClass(), MethodType.methodType(void.class)).invoke());
    } catch (IOException | ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Returns the format for which the calling class was defined.
   *
   * @throws NullPointerException if the template itself was loaded
   */
  static StoredRows format(MethodHandles.Lookup caller) {
    return data(caller, StoredRows.class);
  }

  /**
   * Returns what the calling class was defined for.
   *
   * @throws NullPointerException if the template itself was loaded
   */
  static <T> T data(MethodHandles.Lookup caller, Class<T> type) {
    try {
      return Objects.requireNonNull(
          MethodHandles.classData(caller, ConstantDescs.DEFAULT_NAME, type));
    } catch (IllegalAccessException e) {
      throw new LinkageError(caller.lookupClass().getName(), e);
    }
  }
}
