package org.puna.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;

/** Tells addresses of this machine from others. */
final class Loopback {
  private Loopback() {}

  /** Whether an address is one, or a name that can be resolved. */
  static boolean isKnown(String host) {
    try {
      return !InetAddress.getByName(host).getHostAddress().isEmpty();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Whether only this machine reaches an address; false for names that cannot be resolved. */
  static boolean is(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /**
   * Whether the value of a {@code Host} header names this machine without asking a name server: a
   * page that rebinds its own name to 127.0.0.1 does not.
   */
  static boolean isHostHeader(String header) {
    String host = header.strip().toLowerCase(Locale.ROOT);
    if (host.startsWith("[")) {
      int end = host.indexOf(']');
      return end > 0 && host.substring(1, end).equals("::1");
    }
    int colon = host.indexOf(':');
    String name = colon < 0 ? host : host.substring(0, colon);
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || name.matches("127(\\.\\d{1,3}){3}");
  }
}
