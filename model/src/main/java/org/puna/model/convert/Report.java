package org.puna.model.convert;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What was written.
 *
 * @param tensors every tensor, in file order
 * @param bytesBefore bytes of the weights that were read
 * @param bytesAfter bytes of the weights that were written
 */
public record Report(List<TensorReport> tensors, long bytesBefore, long bytesAfter) {
  /** Copies the list. */
  public Report {
    tensors = List.copyOf(tensors);
  }

  /**
   * One tensor.
   *
   * @param name its name in the written file
   * @param shape its sizes, outermost first
   * @param from the format it had
   * @param to the format it got
   * @param bytes its bytes now
   * @param relativeError root of the mean square error over the root of the mean square of the
   *     original, where the format changed
   * @param note what is unusual, empty for nothing
   */
  public record TensorReport(
      String name,
      List<Long> shape,
      String from,
      String to,
      long bytes,
      OptionalDouble relativeError,
      String note) {
    /** Copies the shape. */
    public TensorReport {
      shape = List.copyOf(shape);
    }
  }
}
