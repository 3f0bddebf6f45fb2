package org.puna.model.chat;

import java.util.List;
import java.util.Optional;

/** A statement of a template. */
sealed interface Node {
  /** Text copied to the output. */
  record Text(String text) implements Node {}

  /** {@code {{ expr }}}. */
  record Print(Expr expr, int line) implements Node {}

  /** {@code {% if %}}: the first branch whose test holds. */
  record If(List<Branch> branches, Body otherwise) implements Node {}

  /** A test and what is run if it holds. */
  record Branch(Expr test, Body body, int line) {}

  /** {@code {% for target in iterable if filter recursive %}}. */
  record For(
      Target target,
      Expr iterable,
      Optional<Expr> filter,
      boolean recursive,
      Body body,
      Body otherwise,
      int line)
      implements Node {}

  /** {@code {% set target = expr %}}. */
  record Assign(Target target, Expr expr, int line) implements Node {}

  /** {@code {% set target %}…{% endset %}}, the body passed through filters. */
  record Capture(Target target, List<Applied> filters, Body body, int line) implements Node {}

  /** {@code {% macro name(signature) %}}. */
  record Macro(String name, Signature signature, Body body) implements Node {}

  /** {@code {% call(signature) call %}}; also {@code {% generation %}} with no call. */
  record CallBlock(Signature signature, Optional<Expr.Call> call, Body body, int line)
      implements Node {}

  /** {@code {% filter name %}}. */
  record FilterBlock(List<Applied> filters, Body body, int line) implements Node {}

  /** {@code {% with target = expr %}}, and blocks that only open a scope. */
  record With(List<Assign> assigns, Body body) implements Node {}

  /** {@code {% break %}}. */
  record Break() implements Node {}

  /** {@code {% continue %}}. */
  record Continue() implements Node {}

  /** Statements in order. Identity matters: it is the key of what {@link Frames} found out. */
  final class Body {
    static final Body EMPTY = new Body(List.of());

    private final List<Node> nodes;

    Body(List<Node> nodes) {
      this.nodes = nodes;
    }

    List<Node> nodes() {
      return nodes;
    }
  }

  /** A filter and its arguments, its input being a block's output. */
  record Applied(String name, Expr.Arguments arguments, int line) {}

  /**
   * The parameters of a macro.
   *
   * @param names in order
   * @param defaults of the last parameters, no more than there are names
   */
  record Signature(List<String> names, List<Expr> defaults) {}

  /** What is assigned to. */
  sealed interface Target {
    /** A variable. */
    record Variable(String name) implements Target {}

    /** An attribute of a namespace. */
    record NamespaceAttribute(String namespace, String attribute) implements Target {}

    /** Several at once, from a sequence of as many values. */
    record Several(List<Target> targets) implements Target {}
  }
}
