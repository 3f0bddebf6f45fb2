package org.puna.server.http;

import java.util.Optional;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** How an API spells its errors. */
public enum ErrorShape {
  /** {@code {"error":{"message","type","param","code"}}}. */
  OPENAI {
    @Override
    public ObjectNode body(ApiError e) {
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      ObjectNode error = root.putObject("error");
      error.put("message", e.text());
      error.put("type", openAiType(e));
      Optional<String> param = param(e);
      param.ifPresentOrElse(p -> error.put("param", p), () -> error.putNull("param"));
      Optional<String> code = code(e);
      code.ifPresentOrElse(c -> error.put("code", c), () -> error.putNull("code"));
      return root;
    }
  },
  /** {@code {"type":"error","error":{"type","message"}}}. */
  ANTHROPIC {
    @Override
    public ObjectNode body(ApiError e) {
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("type", "error");
      ObjectNode error = root.putObject("error");
      error.put("type", anthropicType(e));
      error.put("message", e.text());
      return root;
    }
  };

  /** Returns the body of an error's answer. */
  public abstract ObjectNode body(ApiError e);

  private static Optional<String> param(ApiError e) {
    return switch (e) {
      case ApiError.BadRequest b -> b.param();
      case ApiError.ContextExceeded c -> Optional.of(c.param());
      case ApiError.UnknownModel u -> Optional.of("model");
      case ApiError.Unauthorized u -> Optional.empty();
      case ApiError.Forbidden f -> Optional.empty();
      case ApiError.NotFound n -> Optional.empty();
      case ApiError.WrongMethod w -> Optional.empty();
      case ApiError.TooLarge t -> Optional.empty();
      case ApiError.TooMany t -> Optional.empty();
      case ApiError.Unavailable u -> Optional.empty();
      case ApiError.DeadlinePassed d -> Optional.empty();
      case ApiError.Internal i -> Optional.empty();
      case ApiError.BrokenModel i -> Optional.empty();
    };
  }

  private static Optional<String> code(ApiError e) {
    return switch (e) {
      case ApiError.BadRequest b -> b.param().map(p -> "invalid_value");
      case ApiError.ContextExceeded c -> Optional.of("context_length_exceeded");
      case ApiError.UnknownModel u -> Optional.of("model_not_found");
      case ApiError.Unauthorized u -> Optional.of("invalid_api_key");
      case ApiError.Forbidden f -> Optional.of("forbidden");
      case ApiError.NotFound n -> Optional.of("not_found");
      case ApiError.WrongMethod w -> Optional.of("method_not_allowed");
      case ApiError.TooLarge t -> Optional.of("request_too_large");
      case ApiError.TooMany t -> Optional.of("rate_limit_exceeded");
      case ApiError.Unavailable u -> Optional.of("unavailable");
      case ApiError.DeadlinePassed d -> Optional.of("timeout");
      case ApiError.Internal i -> Optional.of("internal_error");
      case ApiError.BrokenModel i -> Optional.of("broken_model");
    };
  }

  private static String openAiType(ApiError e) {
    return switch (e) {
      case ApiError.BadRequest b -> "invalid_request_error";
      case ApiError.ContextExceeded c -> "invalid_request_error";
      case ApiError.UnknownModel u -> "invalid_request_error";
      case ApiError.Unauthorized u -> "authentication_error";
      case ApiError.Forbidden f -> "permission_error";
      case ApiError.NotFound n -> "invalid_request_error";
      case ApiError.WrongMethod w -> "invalid_request_error";
      case ApiError.TooLarge t -> "invalid_request_error";
      case ApiError.TooMany t -> "rate_limit_error";
      case ApiError.Unavailable u -> "server_error";
      case ApiError.DeadlinePassed d -> "timeout_error";
      case ApiError.Internal i -> "server_error";
      case ApiError.BrokenModel i -> "server_error";
    };
  }

  private static String anthropicType(ApiError e) {
    return switch (e) {
      case ApiError.BadRequest b -> "invalid_request_error";
      case ApiError.ContextExceeded c -> "invalid_request_error";
      case ApiError.UnknownModel u -> "not_found_error";
      case ApiError.Unauthorized u -> "authentication_error";
      case ApiError.Forbidden f -> "permission_error";
      case ApiError.NotFound n -> "not_found_error";
      case ApiError.WrongMethod w -> "invalid_request_error";
      case ApiError.TooLarge t -> "request_too_large";
      case ApiError.TooMany t -> "rate_limit_error";
      case ApiError.Unavailable u -> "overloaded_error";
      case ApiError.DeadlinePassed d -> "timeout_error";
      case ApiError.Internal i -> "api_error";
      case ApiError.BrokenModel i -> "api_error";
    };
  }
}
