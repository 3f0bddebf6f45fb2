package org.puna.server.responses;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was answered lately, in the memory of this process: least recently used responses are
 * forgotten. Safe for many threads.
 */
final class ResponseStore {
  private final long mostBytes;
  private final Map<String, Sized> responses = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /** A store of responses of so many bytes of heap together, estimated. */
  ResponseStore(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /**
   * A response with the conversation that it belongs to.
   *
   * @param owner whose key asked, empty where there are no keys; others do not see it
   * @param response as it was sent
   * @param input items as they were given
   * @param messages the conversation with the answer, without instructions
   */
  record Stored(String owner, ObjectNode response, ArrayNode input, List<Message> messages) {
    Stored {
      messages = List.copyOf(messages);
    }
  }

  /** A response with its size, which is taken once. */
  private record Sized(Stored stored, long bytes) {}

  /**
   * Returns about how many bytes a response keeps: all of its trees and texts, those that share a
   * text counted each.
   */
  static long bytes(Stored s) {
    long sum = 512 + bytes(s.response()) + bytes(s.input());
    for (Message m : s.messages()) {
      sum += 128;
      for (ContentPart p : m.content()) {
        sum +=
            switch (p) {
              case ContentPart.Text t -> bytes(t.text());
              case ContentPart.Image i -> bytes(i.url());
            };
      }
      sum += m.reasoning().map(ResponseStore::bytes).orElse(0L);
      for (var c : m.toolCalls()) sum += bytes(c.id()) + bytes(c.name()) + bytes(c.arguments());
    }
    return sum;
  }

  /** A string, what holds it, and its array: one byte for each character of Latin-1, else two. */
  private static long bytes(String s) {
    boolean latin = s.chars().allMatch(c -> c < 256);
    return 56 + (latin ? 1L : 2L) * s.length();
  }

  private static long bytes(JsonNode n) {
    if (n.isString()) return 16 + bytes(n.asString());
    if (n.isNumber()) return 24 + n.toString().length();
    // Nodes, their maps and lists, and an entry for each member, as they lie in a 64-bit JVM.
    long sum = n.isContainer() ? 128 : 16;
    for (String key : n.propertyNames()) sum += 64 + bytes(key);
    for (JsonNode child : n) sum += 8 + bytes(child);
    return sum;
  }

  /** Keeps a response; not one that is larger than the whole store. */
  void put(String id, Stored response) {
    Sized sized = new Sized(response, bytes(response));
    if (sized.bytes() > mostBytes) return;
    synchronized (this) {
      Sized before = responses.put(id, sized);
      if (before != null) bytes -= before.bytes();
      bytes += sized.bytes();
      var oldest = responses.entrySet().iterator();
      while (bytes > mostBytes) {
        bytes -= oldest.next().getValue().bytes();
        oldest.remove();
      }
    }
  }

  synchronized Optional<Stored> find(String id, String owner) {
    return Optional.ofNullable(responses.get(id))
        .map(Sized::stored)
        .filter(s -> s.owner().equals(owner));
  }

  synchronized boolean remove(String id, String owner) {
    Sized s = responses.get(id);
    if (s == null || !s.stored().owner().equals(owner)) return false;
    responses.remove(id);
    bytes -= s.bytes();
    return true;
  }
}
