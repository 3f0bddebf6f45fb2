package org.puna.chat;

import java.io.IOException;
import java.nio.file.Files;
import org.puna.fixtures.Fixtures;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The tiny encoders and what transformers answers with them. */
final class BertFixture {
  private BertFixture() {}

  /** Returns the reference's answers for a model. */
  static JsonNode expected(String model) throws IOException {
    return JsonMapper.shared()
        .readTree(Files.readAllBytes(Fixtures.path("models/" + model + "/expected.json")));
  }

  static float[] floats(JsonNode a) {
    float[] out = new float[a.size()];
    for (int i = 0; i < out.length; i++) out[i] = a.get(i).floatValue();
    return out;
  }

  static double distance(float[] a, float[] b) {
    if (a.length != b.length) return Double.POSITIVE_INFINITY;
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      double d = Math.abs((double) a[i] - b[i]);
      // A NaN must not pass as a small difference.
      worst = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
    }
    return worst;
  }
}
