package org.puna.model.config;

import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/** What a JSON parser found wrong, for a message of one line. */
public final class JsonFault {
  /** How the parser names the text that it reads, inside its own sentences. */
  private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;\\]]*; ");

  private JsonFault() {}

  /** Returns what is wrong in one line, without where. */
  public static String said(JacksonException e) {
    String message = String.valueOf(e.getOriginalMessage());
    return SOURCE.matcher(message).replaceAll("[").replaceAll("\\s+", " ");
  }
}
