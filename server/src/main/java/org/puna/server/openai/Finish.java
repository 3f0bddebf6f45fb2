package org.puna.server.openai;

import org.puna.chat.ChatEvent;
import org.puna.engine.GenerationEvent;
import org.puna.server.http.ApiError;
import org.puna.server.http.ApiFailure;
import org.puna.server.http.ClientGone;
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
      case CANCELLED -> {
        ticket.check();
        throw new ClientGone(null);
      }
      case DEADLINE -> throw deadline();
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
      case CANCELLED -> {
        ticket.check();
        throw new ClientGone(null);
      }
      case DEADLINE -> throw deadline();
    };
  }

  private static ApiFailure deadline() {
    return new ApiFailure(new ApiError.DeadlinePassed("The deadline of the request has passed"));
  }
}
