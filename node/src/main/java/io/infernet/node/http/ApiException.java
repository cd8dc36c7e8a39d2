package io.infernet.node.http;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that ends in an error object of OpenAI's shape. */
final class ApiException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String type;
  private final @Nullable String code;
  private final @Nullable String param;

  private ApiException(
      int status, String type, @Nullable String code, @Nullable String param, String message) {
    super(requireNonNull(message, "message is null"), null, false, false);
    this.status = status;
    this.type = type;
    this.code = code;
    this.param = param;
  }

  /** The request is wrong in itself: status 400. */
  static ApiException badRequest(String message) {
    return new ApiException(400, "invalid_request_error", null, null, message);
  }

  /** The value of {@code param} is wrong: status 400. */
  static ApiException badValue(String param, String expected) {
    return new ApiException(
        400,
        "invalid_request_error",
        "invalid_value",
        param,
        "Invalid value for '" + param + "': expected " + expected + ".");
  }

  /** This node does not do {@code param}: status 400. */
  static ApiException unsupported(String param) {
    return new ApiException(
        400,
        "invalid_request_error",
        "unsupported_parameter",
        param,
        "Unsupported parameter: '" + param + "'. Leave it out.");
  }

  /** Any other error. */
  static ApiException of(int status, String type, String code, String message) {
    return new ApiException(status, type, code, null, message);
  }

  /** The HTTP status. */
  int status() {
    return status;
  }

  /** OpenAI's machine-readable code, if there is one. */
  Optional<String> code() {
    return Optional.ofNullable(code);
  }

  /** {@code {"error": {"message", "type", "param", "code"}}}. */
  ObjectNode toJson() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("error")
        .put("message", getMessage())
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return body;
  }
}
