package org.puna.server;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.puna.server.anthropic.Messages;
import org.puna.server.http.Endpoint;
import org.puna.server.metrics.Meters;
import org.puna.server.openai.ChatCompletions;
import org.puna.server.openai.Completions;
import org.puna.server.openai.Embeddings;
import org.puna.server.openai.Models;
import org.puna.server.plain.Health;
import org.puna.server.plain.OpenApi;
import org.puna.server.plain.Rerank;
import org.puna.server.plain.Tokens;
import org.puna.server.responses.Responses;
import org.puna.server.serving.ModelRegistry;

/** The one list of endpoints: adding one is one new class and one line here. */
final class Routes {
  private Routes() {}

  /**
   * Returns every endpoint of a server.
   *
   * @param pages those that not every server has
   */
  static List<Endpoint> all(
      ModelRegistry models,
      Meters meters,
      Clock clock,
      BooleanSupplier stopping,
      List<Endpoint> pages) {
    List<Endpoint> out = new ArrayList<>(Models.endpoints(models));
    out.add(new ChatCompletions(models, clock));
    out.add(new Completions(models, clock));
    out.add(new Embeddings(models));
    out.addAll(Rerank.endpoints(models));
    out.addAll(Responses.endpoints(models, clock));
    out.addAll(Messages.endpoints(models));
    out.addAll(Tokens.endpoints(models));
    out.addAll(Health.endpoints(models, meters, stopping));
    out.addAll(pages);
    out.add(OpenApi.endpoint(out));
    return List.copyOf(out);
  }
}
