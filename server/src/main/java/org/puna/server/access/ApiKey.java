package org.puna.server.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * A key as it is stored: its hash, never itself.
 *
 * @param name whose it is, for people and the log
 * @param sha256 SHA-256 of the key, 64 hexadecimal digits; keys are random, so no salt is needed
 * @param requestsPerMinute requests in a minute at most; null for no limit
 * @param concurrentRequests requests at a time at most; null for no limit
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ApiKey(
    String name,
    String sha256,
    @JsonProperty("requests_per_minute") @Nullable Integer requestsPerMinute,
    @JsonProperty("concurrent_requests") @Nullable Integer concurrentRequests) {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /** Checks hash and limits. */
  public ApiKey {
    if (name == null || name.isBlank()) throw new BadInput("key: expected a name, found none");
    if (sha256 == null || !HASH.matcher(sha256).matches()) {
      throw new BadInput(
          "key "
              + name
              + ": sha256: expected 64 hexadecimal digits in lower case, found "
              + (sha256 == null ? "nothing" : "'" + sha256 + "'"));
    }
    positive(name, "requests_per_minute", requestsPerMinute);
    positive(name, "concurrent_requests", concurrentRequests);
  }

  private static void positive(String name, String what, @Nullable Integer n) {
    if (n != null && n < 1) {
      throw new BadInput("key " + name + ": " + what + ": expected at least 1, found " + n);
    }
  }
}
