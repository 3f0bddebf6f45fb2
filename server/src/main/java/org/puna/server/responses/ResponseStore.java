package org.puna.server.responses;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.puna.chat.ContentPart;
import org.puna.chat.Message;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was answered lately, in the memory of this process: least recently used responses are
 * forgotten. Safe for many threads.
 */
final class ResponseStore {
  private final long mostCharacters;
  private final Map<String, Stored> responses = new LinkedHashMap<>(16, 0.75f, true);
  private long characters;

  /** A store of texts of so many characters together. */
  ResponseStore(long mostCharacters) {
    this.mostCharacters = mostCharacters;
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

    private long characters() {
      long sum = 512;
      for (Message m : messages) {
        sum += 64;
        for (ContentPart p : m.content()) {
          sum +=
              switch (p) {
                case ContentPart.Text t -> t.text().length();
                case ContentPart.Image i -> i.url().length();
              };
        }
        sum += m.reasoning().map(String::length).orElse(0);
        for (var c : m.toolCalls()) sum += c.arguments().length();
      }
      // Messages, and the same once more as items.
      return 2 * sum;
    }
  }

  synchronized void put(String id, Stored response) {
    Stored before = responses.put(id, response);
    if (before != null) characters -= before.characters();
    characters += response.characters();
    var oldest = responses.entrySet().iterator();
    while (characters > mostCharacters && responses.size() > 1) {
      characters -= oldest.next().getValue().characters();
      oldest.remove();
    }
  }

  synchronized Optional<Stored> find(String id, String owner) {
    return Optional.ofNullable(responses.get(id)).filter(s -> s.owner().equals(owner));
  }

  synchronized boolean remove(String id, String owner) {
    Stored s = responses.get(id);
    if (s == null || !s.owner().equals(owner)) return false;
    responses.remove(id);
    characters -= s.characters();
    return true;
  }
}
