package org.puna.chat;

/** Whether the model may, or must, ask to call a function. */
public sealed interface ToolChoice {
  /** The model answers in text; the tools are not shown to it. */
  record None() implements ToolChoice {}

  /** The model decides. */
  record Auto() implements ToolChoice {}

  /** The model must call at least one of the tools. */
  record Required() implements ToolChoice {}

  /**
   * The model must call this function.
   *
   * @param name of one of the tools
   */
  record Function(String name) implements ToolChoice {}
}
