package org.puna.server.openai;

import org.puna.chat.ChatEvent;
import org.puna.engine.GenerationEvent;
import org.puna.server.http.InFlight;

/** Names of the reasons why an answer ended. */
final class Finish {
  private Finish() {}

  /**
   * Returns the name that chat completions use.
   *
   * @throws RuntimeException what cancelled the answer, where it was cancelled
   */
  static String of(ChatEvent.FinishReason reason, InFlight.Ticket ticket) {
    return switch (reason) {
      case STOP -> "stop";
      case LENGTH -> "length";
      case TOOL_CALLS -> "tool_calls";
      case CANCELLED, DEADLINE -> throw ticket.cutOff();
    };
  }

  /**
   * Returns the name that completions use.
   *
   * @throws RuntimeException what cancelled the answer, where it was cancelled
   */
  static String of(GenerationEvent.Reason reason, InFlight.Ticket ticket) {
    return switch (reason) {
      case STOP -> "stop";
      case LENGTH -> "length";
      case CANCELLED, DEADLINE -> throw ticket.cutOff();
    };
  }
}
