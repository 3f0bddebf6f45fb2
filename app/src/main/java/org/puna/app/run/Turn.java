package org.puna.app.run;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content its text
 */
record Turn(String role, String content) {
  static Turn system(String text) {
    return new Turn("system", text);
  }

  static Turn user(String text) {
    return new Turn("user", text);
  }

  static Turn assistant(String text) {
    return new Turn("assistant", text);
  }
}
