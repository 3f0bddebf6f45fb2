package org.puna.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.ObjectMapper;

/**
 * An answer of server-sent events. Each event is written and flushed at once; a client that reads
 * slowly makes the writer wait, and with it the generation behind it, and nothing else. Several
 * threads may write.
 *
 * @see "WHATWG HTML, section 9.2: server-sent events"
 */
public final class EventStream {
  private final OutputStream out;
  private final ObjectMapper json;
  private final ReentrantLock lock = new ReentrantLock();

  /** When the last write ended, as {@link System#nanoTime} counts. */
  private volatile long wroteNanos = System.nanoTime();

  EventStream(OutputStream out, ObjectMapper json) {
    this.out = out;
    this.json = json;
  }

  /**
   * Sends a value as the data of an event without a name.
   *
   * @throws ClientGone if the client has closed the connection
   */
  public void data(Object value) {
    write("", json.writeValueAsBytes(value));
  }

  /**
   * Sends a value as the data of a named event.
   *
   * @throws ClientGone if the client has closed the connection
   */
  public void event(String name, Object value) {
    write("event: " + name + "\n", json.writeValueAsBytes(value));
  }

  /**
   * Sends the mark that ends OpenAI's streams.
   *
   * @throws ClientGone if the client has closed the connection
   */
  public void done() {
    write("", "[DONE]".getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Sends a comment, which readers pass over: a sign of life for proxies that close connections on
   * which nothing comes.
   *
   * @throws ClientGone if the client has closed the connection
   */
  void comment() {
    write(": wait\n\n".getBytes(StandardCharsets.US_ASCII));
  }

  /** Returns the time since something was sent. */
  Duration silent() {
    return Duration.ofNanos(System.nanoTime() - wroteNanos);
  }

  private void write(String head, byte[] data) {
    ByteArrayOutputStream event = new ByteArrayOutputStream(head.length() + data.length + 8);
    event.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    event.writeBytes("data: ".getBytes(StandardCharsets.US_ASCII));
    event.writeBytes(data);
    event.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
    write(event.toByteArray());
  }

  private void write(byte[] bytes) {
    lock.lock();
    try {
      out.write(bytes);
      out.flush();
      wroteNanos = System.nanoTime();
    } catch (IOException e) {
      throw new ClientGone(e);
    } finally {
      lock.unlock();
    }
  }
}
