package org.puna.chat;

/** A piece of a message's content. */
public sealed interface ContentPart {
  /**
   * Text.
   *
   * @param text the text
   */
  record Text(String text) implements ContentPart {}

  /**
   * A picture. No architecture here sees pictures yet: {@link ChatModel} refuses a message with
   * one, rather than answering as if it had seen it.
   *
   * @param url where it is, or a {@code data:} URL with it
   */
  record Image(String url) implements ContentPart {}
}
