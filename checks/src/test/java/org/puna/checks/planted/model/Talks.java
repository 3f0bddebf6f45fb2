package org.puna.checks.planted.model;

/** Breaks the rules on standard streams, on ending the process and on static state. */
final class Talks {
  static int counter;

  private Talks() {}

  static void speak() {
    System.out.println(counter++);
  }

  static void leave() {
    System.exit(counter);
  }
}
