package org.puna.app.hub;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import org.puna.model.config.BadInput;

/**
 * Where models are pulled from.
 *
 * @param endpoint the hub: {@code HF_ENDPOINT}, else {@code https://huggingface.co}
 * @param token what proves who asks: {@code HF_TOKEN}
 */
public record HubSettings(URI endpoint, Optional<String> token) {
  /** The public hub, asked by nobody in particular. */
  public static final HubSettings DEFAULT =
      new HubSettings(URI.create("https://huggingface.co"), Optional.empty());

  /**
   * Reads the settings from environment variables.
   *
   * @throws BadInput if the address is none
   */
  public static HubSettings from(Map<String, String> env) {
    String endpoint = env.getOrDefault("HF_ENDPOINT", "").strip();
    Optional<String> token =
        Optional.ofNullable(env.get("HF_TOKEN")).map(String::strip).filter(t -> !t.isEmpty());
    if (token.filter(t -> t.chars().anyMatch(c -> c <= ' ' || c > '~')).isPresent()) {
      throw new BadInput("HF_TOKEN: expected printable characters only");
    }
    if (endpoint.isEmpty()) return new HubSettings(DEFAULT.endpoint, token);
    try {
      URI uri = new URI(endpoint.replaceFirst("/+$", ""));
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (web && uri.getHost() != null && uri.getQuery() == null) {
        return new HubSettings(uri, token);
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new BadInput(
        "HF_ENDPOINT: expected an address such as https://huggingface.co, found '"
            + endpoint
            + "'");
  }
}
