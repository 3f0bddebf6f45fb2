package org.puna.model.chat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Parses expressions with Jinja's precedence: conditional, or, and, not, comparison, {@code + -},
 * {@code ~}, {@code * / // %}, {@code **}, sign, then attributes, calls, filters and tests.
 */
final class ExprParser {
  /** Longest chain of one operator or of attributes, whose tree is as deep as it is long. */
  private static final int MAX_CHAIN = 400;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream in;

  /** How many tests surround this place, in whose branches unknown filters are no error yet. */
  private int branches;

  ExprParser(TokenStream in) {
    this.in = in;
  }

  /** Marks that what follows may never be evaluated. */
  void enterBranch() {
    branches++;
  }

  void leaveBranch() {
    branches--;
  }

  /**
   * Starts a scope of its own, which Jinja compiles whatever branch it is in; returns the outer.
   */
  int enterScope() {
    int outer = branches;
    branches = 0;
    return outer;
  }

  void leaveScope(int outer) {
    branches = outer;
  }

  Expr expression() {
    return nested(this::conditional);
  }

  /** An expression without an outermost inline if. */
  Expr unconditional() {
    return nested(this::or);
  }

  /** One expression, or several between commas as a tuple. */
  Expr tuple(boolean withConditional, boolean parenthesised, String endName) {
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) in.expectOperator(",");
      if (isTupleEnd(endName)) break;
      items.add(withConditional ? expression() : unconditional());
      if (!in.isOperator(",")) break;
      isTuple = true;
    }
    if (!isTuple) {
      if (!items.isEmpty()) return items.get(0);
      if (!parenthesised) {
        throw in.error(
            "Expected an expression, got '" + Text.oneLine(in.current().describe()) + "'");
      }
    }
    return new Expr.Items(items, true);
  }

  boolean isTupleEnd(String endName) {
    return in.is(Token.Type.PRINT_END)
        || in.is(Token.Type.BLOCK_END)
        || in.isOperator(")")
        || in.isName(endName);
  }

  private Expr nested(Supplier<Expr> parse) {
    in.enter();
    try {
      return parse.get();
    } finally {
      in.leave();
    }
  }

  private Expr conditional() {
    Expr then = or();
    for (Chain c = new Chain(); in.isName("if"); c.grow()) {
      int line = in.next().line();
      enterBranch();
      Expr test = or();
      Optional<Expr> otherwise =
          in.skipName("else") ? Optional.of(nested(this::conditional)) : Optional.empty();
      leaveBranch();
      then = new Expr.Conditional(test, then, otherwise, line);
    }
    return then;
  }

  private Expr or() {
    Expr left = and();
    for (Chain c = new Chain(); in.skipName("or"); c.grow())
      left = new Expr.Logic(false, left, and());
    return left;
  }

  private Expr and() {
    Expr left = not();
    for (Chain c = new Chain(); in.skipName("and"); c.grow())
      left = new Expr.Logic(true, left, not());
    return left;
  }

  private Expr not() {
    if (in.skipName("not")) return new Expr.Not(nested(this::not));
    return comparison();
  }

  private Expr comparison() {
    Expr first = sum();
    List<Expr.Operand> rest = new ArrayList<>();
    while (true) {
      if (in.is(Token.Type.OPERATOR) && COMPARISONS.contains(in.current().text())) {
        String op = in.next().text();
        rest.add(new Expr.Operand(op, sum()));
      } else if (in.skipName("in")) {
        rest.add(new Expr.Operand("in", sum()));
      } else if (in.isName("not") && in.ahead().isName("in")) {
        in.next();
        in.next();
        rest.add(new Expr.Operand("not in", sum()));
      } else {
        return rest.isEmpty() ? first : new Expr.Comparison(first, rest);
      }
    }
  }

  private Expr sum() {
    Expr left = concat();
    for (Chain c = new Chain(); in.isOperator("+") || in.isOperator("-"); c.grow()) {
      String op = in.next().text();
      left = new Expr.Binary(op, left, concat());
    }
    return left;
  }

  private Expr concat() {
    Expr first = product();
    if (!in.isOperator("~")) return first;
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (in.skipOperator("~")) parts.add(product());
    return new Expr.Concat(parts);
  }

  private Expr product() {
    Expr left = power();
    for (Chain c = new Chain(); in.is(Token.Type.OPERATOR); c.grow()) {
      String op = in.current().text();
      if (!op.equals("*") && !op.equals("/") && !op.equals("//") && !op.equals("%")) break;
      in.next();
      left = new Expr.Binary(op, left, power());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    for (Chain c = new Chain(); in.skipOperator("**"); c.grow()) {
      left = new Expr.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    Expr e;
    if (in.isOperator("-") || in.isOperator("+")) {
      String op = in.next().text();
      e = new Expr.Unary(op, nested(() -> unary(false)));
    } else {
      e = primary();
    }
    e = postfix(e);
    return withFilters ? filters(e) : e;
  }

  private Expr primary() {
    Token t = in.current();
    switch (t.type()) {
      case NAME -> {
        in.next();
        return name(t);
      }
      case STRING -> {
        StringBuilder s = new StringBuilder();
        while (in.is(Token.Type.STRING)) s.append(in.next().text());
        return new Expr.Const(Value.of(s.toString()));
      }
      case INTEGER -> {
        in.next();
        return new Expr.Const(new Value.Int(integer(t)));
      }
      case FLOAT -> {
        in.next();
        return new Expr.Const(Value.of(Double.parseDouble(t.text())));
      }
      case OPERATOR -> {
        if (in.skipOperator("(")) {
          Expr e = nested(() -> tuple(true, true, ")"));
          in.expectOperator(")");
          return e;
        }
        if (in.skipOperator("[")) return list();
        if (in.skipOperator("{")) return mapping();
      }
      case DATA, PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END, END -> {}
    }
    if (t.type() == Token.Type.END) throw in.error("unexpected end of template");
    throw in.error("unexpected '" + Text.oneLine(t.describe()) + "'");
  }

  private Expr name(Token t) {
    return switch (t.text()) {
      case "true", "True" -> new Expr.Const(Value.TRUE);
      case "false", "False" -> new Expr.Const(Value.FALSE);
      case "none", "None" -> new Expr.Const(Value.NONE);
      default -> {
        if (!StringMethods.isIdentifier(t.text())) {
          throw Lexer.syntax("Invalid character in identifier", t.line());
        }
        yield new Expr.Name(t.text());
      }
    };
  }

  private BigInteger integer(Token t) {
    String s = Text.lower(t.text());
    if (s.length() > Numbers.MAX_DIGITS) throw in.error("integer of " + s.length() + " digits");
    if (s.startsWith("0x")) return new BigInteger(s.substring(2), 16);
    if (s.startsWith("0o")) return new BigInteger(s.substring(2), 8);
    if (s.startsWith("0b")) return new BigInteger(s.substring(2), 2);
    return new BigInteger(s);
  }

  private Expr list() {
    List<Expr> items = new ArrayList<>();
    while (!in.isOperator("]")) {
      if (!items.isEmpty()) in.expectOperator(",");
      if (in.isOperator("]")) break;
      items.add(expression());
    }
    in.expectOperator("]");
    return new Expr.Items(items, false);
  }

  private Expr mapping() {
    List<Expr.Pair> pairs = new ArrayList<>();
    while (!in.isOperator("}")) {
      if (!pairs.isEmpty()) in.expectOperator(",");
      if (in.isOperator("}")) break;
      Expr key = expression();
      in.expectOperator(":");
      pairs.add(new Expr.Pair(key, expression()));
    }
    in.expectOperator("}");
    return new Expr.Mapping(pairs);
  }

  private Expr postfix(Expr start) {
    Expr e = start;
    for (Chain c = new Chain(); ; c.grow()) {
      if (in.isOperator(".") || in.isOperator("[")) {
        e = subscript(e);
      } else if (in.isOperator("(")) {
        e = call(e);
      } else {
        return e;
      }
    }
  }

  /** Filters, tests and calls of their results. */
  private Expr filters(Expr start) {
    Expr e = start;
    for (Chain c = new Chain(); ; c.grow()) {
      if (in.skipOperator("|")) {
        Node.Applied f = filter();
        e = new Expr.Filter(e, f.name(), f.arguments(), f.line());
      } else if (in.isName("is")) {
        e = test(e);
      } else if (in.isOperator("(")) {
        e = call(e);
      } else {
        return e;
      }
    }
  }

  /** A filter's name and arguments, the {@code |} before it being read. */
  Node.Applied filter() {
    int line = in.line();
    String name = dotted();
    if (!Filters.exists(name) && branches == 0) {
      throw Lexer.syntax("No filter named " + Repr.quote(Text.oneLine(name)) + ".", line);
    }
    Expr.Arguments arguments = in.isOperator("(") ? arguments() : Expr.Arguments.NONE;
    return new Node.Applied(name, arguments, line);
  }

  private String dotted() {
    StringBuilder name = new StringBuilder(in.expect(Token.Type.NAME, "name").text());
    while (in.skipOperator(".")) {
      name.append('.').append(in.expect(Token.Type.NAME, "name").text());
    }
    return name.toString();
  }

  private Expr test(Expr subject) {
    int line = in.next().line();
    boolean negated = in.skipName("not");
    String name = dotted();
    if (!Tests.exists(name) && branches == 0) {
      throw Lexer.syntax("No test named " + Repr.quote(Text.oneLine(name)) + ".", line);
    }
    Expr.Arguments arguments = Expr.Arguments.NONE;
    if (in.isOperator("(")) {
      arguments = arguments();
    } else if (startsArgument()) {
      if (in.isName("is")) throw in.error("You cannot chain multiple tests with is");
      arguments = Expr.Arguments.of(nested(() -> postfix(primary())));
    }
    Expr test = new Expr.Test(subject, name, arguments, line);
    return negated ? new Expr.Not(test) : test;
  }

  private boolean startsArgument() {
    return switch (in.current().type()) {
      case NAME -> !in.isName("else") && !in.isName("or") && !in.isName("and");
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> in.isOperator("[") || in.isOperator("{");
      case DATA, PRINT_BEGIN, PRINT_END, BLOCK_BEGIN, BLOCK_END, END -> false;
    };
  }

  private Expr subscript(Expr object) {
    if (in.skipOperator(".")) {
      Token t = in.next();
      if (t.type() == Token.Type.NAME) return new Expr.Attribute(object, t.text());
      if (t.type() == Token.Type.INTEGER) {
        return new Expr.Element(object, new Expr.Const(new Value.Int(integer(t))));
      }
      throw Lexer.syntax("expected name or number", t.line());
    }
    in.expectOperator("[");
    Expr e = nested(() -> subscripted(object));
    in.expectOperator("]");
    return e;
  }

  private Expr subscripted(Expr object) {
    Optional<Expr> start = in.isOperator(":") ? Optional.empty() : Optional.of(expression());
    if (!in.skipOperator(":")) {
      Expr key = start.orElseThrow();
      if (!in.isOperator(",")) return new Expr.Element(object, key);
      List<Expr> keys = new ArrayList<>(List.of(key));
      while (in.skipOperator(",")) keys.add(expression());
      return new Expr.Element(object, new Expr.Items(keys, true));
    }
    Optional<Expr> stop = Optional.empty();
    if (!in.isOperator(":") && !in.isOperator("]")) stop = Optional.of(expression());
    Optional<Expr> step = Optional.empty();
    if (in.skipOperator(":") && !in.isOperator("]")) step = Optional.of(expression());
    return new Expr.Slice(object, start, stop, step);
  }

  private Expr call(Expr function) {
    int line = in.line();
    return new Expr.Call(function, arguments(), line);
  }

  private Expr.Arguments arguments() {
    in.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    List<Expr.Named> named = new ArrayList<>();
    Optional<Expr> star = Optional.empty();
    Optional<Expr> starStar = Optional.empty();
    boolean first = true;
    while (!in.isOperator(")")) {
      if (!first) in.expectOperator(",");
      if (!first && in.isOperator(")")) break;
      first = false;
      boolean valid;
      if (in.skipOperator("*")) {
        valid = star.isEmpty() && starStar.isEmpty();
        star = Optional.of(expression());
      } else if (in.skipOperator("**")) {
        valid = starStar.isEmpty();
        starStar = Optional.of(expression());
      } else if (in.is(Token.Type.NAME) && in.ahead().isOperator("=")) {
        valid = starStar.isEmpty();
        String name = in.next().text();
        in.next();
        if (named.stream().anyMatch(n -> n.name().equals(name))) {
          throw in.error("keyword argument repeated: " + name);
        }
        named.add(new Expr.Named(name, expression()));
      } else {
        valid = star.isEmpty() && starStar.isEmpty() && named.isEmpty();
        positional.add(expression());
      }
      if (!valid) throw in.error("invalid syntax for function call expression");
    }
    in.expectOperator(")");
    return new Expr.Arguments(positional, named, star, starStar);
  }

  /** Counts the links of a chain. */
  private final class Chain {
    private int links;

    void grow() {
      if (++links > MAX_CHAIN) throw in.error("more than " + MAX_CHAIN + " links in one chain");
    }
  }
}
