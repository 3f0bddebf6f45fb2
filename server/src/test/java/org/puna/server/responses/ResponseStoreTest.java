package org.puna.server.responses;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.chat.Message;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

final class ResponseStoreTest {
  private static final long MOST = 1 << 20;

  private static ResponseStore.Stored stored(ObjectNode response, ArrayNode input, String text) {
    return new ResponseStore.Stored("", response, input, List.of(Message.user(text)));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  private static int kept(ResponseStore.Stored each) {
    ResponseStore store = new ResponseStore(MOST);
    for (int i = 0; i < 100; i++) store.put("r" + i, each);
    int n = 0;
    for (int i = 0; i < 100; i++) if (store.find("r" + i, "").isPresent()) n++;
    assertThat(store.find("r99", "")).isPresent();
    return n;
  }

  @Test
  void everythingKeptIsCounted() {
    assertThat(kept(stored(object(), array(), "a"))).isEqualTo(100);
    assertThat(kept(stored(object(), array(), "a".repeat(100_000)))).isLessThan(11);
    assertThat(kept(stored(object().put("instructions", "a".repeat(100_000)), array(), "a")))
        .isLessThan(11);
    assertThat(kept(stored(object(), array().add("\u4e2d".repeat(50_000)), "a"))).isLessThan(11);
    ArrayNode many = array();
    for (int i = 0; i < 1000; i++) many.addObject().put("a", i);
    assertThat(kept(stored(object(), many, "a"))).isLessThan(11);
    assertThat(kept(stored(object().set("metadata", many), array(), "a"))).isLessThan(11);
  }

  @Test
  void whatIsLargerThanTheStoreIsNotKept() {
    ResponseStore store = new ResponseStore(MOST);
    store.put("small", stored(object(), array(), "a"));
    store.put("large", stored(object(), array(), "a".repeat(2 << 20)));
    assertThat(store.find("large", "")).isEmpty();
    assertThat(store.find("small", "")).isPresent();
    assertThat(store.remove("small", "")).isTrue();
    assertThat(store.find("small", "")).isEmpty();
  }
}
