package org.puna.server.openai;

import org.puna.server.http.ApiFailure;
import tools.jackson.databind.JsonNode;

/** Reads lists of token ids. */
final class TokenIds {
  private TokenIds() {}

  /**
   * Returns the ids of a list that is not empty.
   *
   * @param path what the list is called in the request
   */
  static int[] read(JsonNode list, String path) {
    if (!list.isArray() || list.isEmpty()) {
      throw ApiFailure.field(path, "expected a text or token ids");
    }
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = list.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.asInt() < 0) {
        throw ApiFailure.field(path + "[" + i + "]", "expected a token id, found " + id);
      }
      ids[i] = id.asInt();
    }
    return ids;
  }

  /** Checks that a model has these ids. */
  static void check(int[] ids, String path, int vocabSize) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= vocabSize) {
        throw ApiFailure.field(
            path + "[" + i + "]",
            "token id " + ids[i] + " is not in the vocabulary of " + vocabSize + " tokens");
      }
    }
  }
}
