package org.puna.app.cli;

import java.io.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Opens standard error. The launcher filters what the JVM itself writes to descriptor 2 and keeps
 * the true standard error as descriptor 3; the system property {@code puna.stderr} says how to
 * reach it: a path to open, or the number of the descriptor to take over.
 */
final class StandardError {
  private static final int STDERR = 2;

  private StandardError() {}

  /** Returns standard error, or descriptor 2 where the other cannot be reached. */
  static OutputStream open() {
    String where = System.getProperty("puna.stderr", "");
    if (where.startsWith("/")) {
      try {
        return new FileOutputStream(where, true);
      } catch (FileNotFoundException e) {
        return new FileOutputStream(FileDescriptor.err);
      }
    }
    if (where.matches("\\d+")) {
      takeOver(Integer.parseInt(where));
    }
    return new FileOutputStream(FileDescriptor.err);
  }

  /** Makes descriptor 2 a copy of another; without it lines pass the filter, a moment later. */
  private static void takeOver(int descriptor) {
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("dup2")
        .ifPresent(address -> {
          MethodHandle dup2 =
              linker.downcallHandle(
                  address,
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
          try {
            int ignored = (int) dup2.invokeExact(descriptor, STDERR);
          } catch (Throwable t) {
            throw new IllegalStateException("dup2 threw", t);
          }
        });
  }
}
