package org.puna.model.chat;

import java.util.List;
import java.util.Optional;

/** An expression of a template. */
sealed interface Expr {
  /** A literal. */
  record Const(Value value) implements Expr {}

  /** A variable. */
  record Name(String name) implements Expr {}

  /** A list or tuple of expressions. */
  record Items(List<Expr> items, boolean tuple) implements Expr {}

  /** A mapping of expressions. */
  record Mapping(List<Pair> pairs) implements Expr {}

  /** One entry of a mapping. */
  record Pair(Expr key, Expr value) {}

  /** {@code object.name}. */
  record Attribute(Expr object, String name) implements Expr {}

  /** {@code object[key]}. */
  record Element(Expr object, Expr key) implements Expr {}

  /** {@code object[start:stop:step]}. */
  record Slice(Expr object, Optional<Expr> start, Optional<Expr> stop, Optional<Expr> step)
      implements Expr {}

  /** {@code function(arguments)}. */
  record Call(Expr function, Arguments arguments, int line) implements Expr {}

  /** {@code input|name(arguments)}. */
  record Filter(Expr input, String name, Arguments arguments, int line) implements Expr {}

  /** {@code input is name(arguments)}. */
  record Test(Expr input, String name, Arguments arguments, int line) implements Expr {}

  /** {@code -operand} or {@code +operand}. */
  record Unary(String operator, Expr operand) implements Expr {}

  /** An arithmetic operation. */
  record Binary(String operator, Expr left, Expr right) implements Expr {}

  /** {@code left and right}, {@code left or right}: one of the operands. */
  record Logic(boolean and, Expr left, Expr right) implements Expr {}

  /** {@code not operand}. */
  record Not(Expr operand) implements Expr {}

  /** {@code first op operand op operand …}, true where each neighbouring pair compares. */
  record Comparison(Expr first, List<Operand> rest) implements Expr {}

  /** One step of a comparison chain. */
  record Operand(String operator, Expr expr) {}

  /** {@code a ~ b ~ …}: the parts as strings, joined. */
  record Concat(List<Expr> parts) implements Expr {}

  /** {@code then if test else otherwise}. */
  record Conditional(Expr test, Expr then, Optional<Expr> otherwise, int line) implements Expr {}

  /**
   * The arguments of a call.
   *
   * @param positional those without a name
   * @param named those with one
   * @param star {@code *list} of further positional ones
   * @param starStar {@code **mapping} of further named ones
   */
  record Arguments(
      List<Expr> positional, List<Named> named, Optional<Expr> star, Optional<Expr> starStar) {
    static final Arguments NONE =
        new Arguments(List.of(), List.of(), Optional.empty(), Optional.empty());

    boolean isEmpty() {
      return positional.isEmpty() && named.isEmpty() && star.isEmpty() && starStar.isEmpty();
    }

    /** The single argument {@code e}. */
    static Arguments of(Expr e) {
      return new Arguments(List.of(e), List.of(), Optional.empty(), Optional.empty());
    }
  }

  /** An argument with a name. */
  record Named(String name, Expr value) {}
}
