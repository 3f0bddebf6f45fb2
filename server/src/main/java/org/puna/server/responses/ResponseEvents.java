package org.puna.server.responses;

import org.jspecify.annotations.Nullable;
import org.puna.server.http.EventStream;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Numbers and sends the typed events of a response, where anybody wants them. */
final class ResponseEvents {
  private final @Nullable EventStream out;
  private int sequence;

  /** Events for a stream, or for nobody. */
  ResponseEvents(@Nullable EventStream out) {
    this.out = out;
  }

  /** What an event says beside its type and number. */
  interface Content {
    void write(ObjectNode event);
  }

  void send(String type, Content content) {
    if (out == null) return;
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("type", type);
    event.put("sequence_number", sequence++);
    content.write(event);
    out.event(type, event);
  }
}
