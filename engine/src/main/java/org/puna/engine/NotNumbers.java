package org.puna.engine;

/**
 * Ends work on a model whose results are not numbers, which is the file's fault, not a caller's.
 */
public final class NotNumbers extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Results that are not numbers.
   *
   * @param results what they are, such as {@code logits}
   */
  public NotNumbers(String results) {
    super("the model's " + results + " are not numbers; is the file damaged?");
  }
}
