package org.puna.model.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.puna.model.config.BadInput;

/** Parses a template's statements; expressions are left to {@link ExprParser}. */
final class Parser {
  private final TokenStream in;
  private final ExprParser expressions;

  /** The end tags that open blocks wait for, innermost first, for messages. */
  private final Deque<Set<String>> waiting = new ArrayDeque<>();

  /** Loops around this place, within the innermost macro. */
  private int loops;

  private Parser(List<Token> tokens) {
    this.in = new TokenStream(tokens);
    this.expressions = new ExprParser(in);
  }

  static Node.Body parse(String source) {
    Parser p = new Parser(Lexer.tokens(source));
    return p.body(Set.of());
  }

  /** Statements up to a tag of {@code ends}, which stays unread; or up to the template's end. */
  private Node.Body body(Set<String> ends) {
    in.enter();
    waiting.push(ends);
    List<Node> nodes = new ArrayList<>();
    while (true) {
      switch (in.current().type()) {
        case DATA -> nodes.add(new Node.Text(in.next().text()));
        case PRINT_BEGIN -> {
          int line = in.next().line();
          nodes.add(new Node.Print(expressions.tuple(true, false, ""), line));
          in.expect(Token.Type.PRINT_END, "end of print statement");
        }
        case BLOCK_BEGIN -> {
          in.next();
          if (in.is(Token.Type.NAME) && ends.contains(in.current().text())) {
            waiting.pop();
            in.leave();
            return new Node.Body(List.copyOf(nodes));
          }
          nodes.add(statement());
          in.expect(Token.Type.BLOCK_END, "end of statement block");
        }
        case END -> {
          if (!ends.isEmpty()) throw in.error("Unexpected end of template." + lookingFor());
          waiting.pop();
          in.leave();
          return new Node.Body(List.copyOf(nodes));
        }
        default -> throw in.expected("begin of statement block");
      }
    }
  }

  /** A block's statements and its end tag's name. */
  private Node.Body block(String end) {
    Node.Body body = blockUntil(Set.of(end));
    in.next();
    return body;
  }

  private Node.Body blockUntil(Set<String> ends) {
    in.skipOperator(":");
    in.expect(Token.Type.BLOCK_END, "end of statement block");
    return body(ends);
  }

  /** A block with a scope of its own. */
  private Node.Body scoped(String end) {
    int outer = expressions.enterScope();
    Node.Body body = block(end);
    expressions.leaveScope(outer);
    return body;
  }

  private String lookingFor() {
    if (waiting.peek() == null || waiting.peek().isEmpty()) return "";
    return " Jinja was looking for the following tags: '"
        + String.join("' or '", waiting.peek().stream().sorted().toList())
        + "'.";
  }

  private Node statement() {
    Token tag = in.expect(Token.Type.NAME, "name");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> ifStatement();
      case "for" -> forStatement(line);
      case "set" -> set(line);
      case "macro" -> macro();
      case "call" -> callBlock(line);
      case "filter" -> {
        List<Node.Applied> filters = filters();
        yield new Node.FilterBlock(filters, scoped("endfilter"), line);
      }
      case "with" -> with();
      case "print" -> print(line);
      case "generation" ->
          new Node.CallBlock(
              new Node.Signature(List.of(), List.of()),
              Optional.empty(),
              outsideLoops("endgeneration"),
              line);
      case "block" -> namedBlock();
      case "autoescape" -> autoescape();
      case "break", "continue" -> {
        if (loops == 0) throw Lexer.syntax("'" + tag.text() + "' outside loop", line);
        yield tag.text().equals("break") ? new Node.Break() : new Node.Continue();
      }
      case "include", "import", "from", "extends" ->
          throw Lexer.syntax(
              "'" + tag.text() + "' reads another template, which a chat template may not", line);
      default -> throw unknown(tag);
    };
  }

  private BadInput unknown(Token tag) {
    return Lexer.syntax(
        "Encountered unknown tag '" + Text.oneLine(tag.text()) + "'." + lookingFor(), tag.line());
  }

  private Node ifStatement() {
    expressions.enterBranch();
    List<Node.Branch> branches = new ArrayList<>();
    Node.Body otherwise = Node.Body.EMPTY;
    String end = "elif";
    while (end.equals("elif")) {
      int line = in.line();
      Expr test = expressions.tuple(false, false, "");
      branches.add(new Node.Branch(test, blockUntil(Set.of("elif", "else", "endif")), line));
      end = in.next().text();
    }
    if (end.equals("else")) otherwise = block("endif");
    expressions.leaveBranch();
    return new Node.If(branches, otherwise);
  }

  private Node forStatement(int line) {
    Node.Target target = target("in", false);
    in.expectName("in");
    Expr iterable = expressions.tuple(false, false, "recursive");
    Optional<Expr> filter = Optional.empty();
    if (in.skipName("if")) filter = Optional.of(expressions.expression());
    boolean recursive = in.skipName("recursive");
    loops++;
    int outer = expressions.enterScope();
    Node.Body body = blockUntil(Set.of("endfor", "else"));
    loops--;
    Node.Body otherwise = in.next().text().equals("else") ? block("endfor") : Node.Body.EMPTY;
    expressions.leaveScope(outer);
    return new Node.For(target, iterable, filter, recursive, body, otherwise, line);
  }

  private Node set(int line) {
    Node.Target target = target("", true);
    if (in.skipOperator("=")) {
      return new Node.Assign(target, expressions.tuple(true, false, ""), line);
    }
    List<Node.Applied> filters = in.skipOperator("|") ? filters() : List.of();
    return new Node.Capture(target, filters, scoped("endset"), line);
  }

  private List<Node.Applied> filters() {
    List<Node.Applied> out = new ArrayList<>();
    do {
      out.add(expressions.filter());
    } while (in.skipOperator("|"));
    return out;
  }

  /** One or several targets of an assignment. */
  private Node.Target target(String endName, boolean withNamespaces) {
    List<Node.Target> targets = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!targets.isEmpty()) in.expectOperator(",");
      if (expressions.isTupleEnd(endName) || in.isOperator("=")) break;
      targets.add(single(withNamespaces));
      if (!in.isOperator(",")) break;
      isTuple = true;
    }
    if (targets.isEmpty()) throw in.expected("name");
    return isTuple ? new Node.Target.Several(targets) : targets.get(0);
  }

  private Node.Target single(boolean withNamespaces) {
    boolean bracket = in.isOperator("[");
    if (bracket || in.isOperator("(")) {
      in.next();
      in.enter();
      Node.Target inner = target("", withNamespaces);
      in.leave();
      in.expectOperator(bracket ? "]" : ")");
      return inner;
    }
    String name = assignable(in.expect(Token.Type.NAME, "name"));
    if (withNamespaces && in.skipOperator(".")) {
      String attribute = in.expect(Token.Type.NAME, "name").text();
      return new Node.Target.NamespaceAttribute(name, attribute);
    }
    return new Node.Target.Variable(name);
  }

  private static String assignable(Token name) {
    switch (name.text()) {
      case "true", "false", "none", "True", "False", "None" ->
          throw Lexer.syntax("can't assign to 'const'", name.line());
      default -> {}
    }
    if (!StringMethods.isIdentifier(name.text())) {
      throw Lexer.syntax("Invalid character in identifier", name.line());
    }
    return name.text();
  }

  private Node macro() {
    String name = assignable(in.expect(Token.Type.NAME, "name"));
    Node.Signature signature = signature();
    return new Node.Macro(name, signature, outsideLoops("endmacro"));
  }

  /** A body that becomes a function of its own, so that loops around it are out of reach. */
  private Node.Body outsideLoops(String end) {
    int outer = loops;
    loops = 0;
    Node.Body body = scoped(end);
    loops = outer;
    return body;
  }

  private Node.Signature signature() {
    in.expectOperator("(");
    List<String> names = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    while (!in.isOperator(")")) {
      if (!names.isEmpty()) in.expectOperator(",");
      Token name = in.expect(Token.Type.NAME, "name");
      if (names.contains(name.text())) {
        throw Lexer.syntax("duplicate argument '" + name.text() + "'", name.line());
      }
      names.add(assignable(name));
      if (in.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw in.error("non-default argument follows default argument");
      }
    }
    in.expectOperator(")");
    return new Node.Signature(names, defaults);
  }

  private Node callBlock(int line) {
    Node.Signature signature =
        in.isOperator("(") ? signature() : new Node.Signature(List.of(), List.of());
    Expr e = expressions.expression();
    if (!(e instanceof Expr.Call call)) throw in.error("expected call");
    return new Node.CallBlock(signature, Optional.of(call), outsideLoops("endcall"), line);
  }

  private Node with() {
    List<Node.Assign> assigns = new ArrayList<>();
    while (!in.is(Token.Type.BLOCK_END)) {
      if (!assigns.isEmpty()) in.expectOperator(",");
      int line = in.line();
      Node.Target target = single(false);
      in.expectOperator("=");
      assigns.add(new Node.Assign(target, expressions.expression(), line));
    }
    return new Node.With(assigns, scoped("endwith"));
  }

  private Node print(int line) {
    List<Expr> parts = new ArrayList<>();
    while (!in.is(Token.Type.BLOCK_END)) {
      if (!parts.isEmpty()) in.expectOperator(",");
      parts.add(expressions.expression());
    }
    return new Node.Print(new Expr.Concat(parts), line);
  }

  /** A block that a child template could replace; there are none, so it only opens a scope. */
  private Node namedBlock() {
    in.expect(Token.Type.NAME, "name");
    while (in.skipName("scoped") || in.skipName("required")) {
      // Both only matter to child templates.
    }
    int outer = loops;
    loops = 0;
    Node.Body body = block("endblock");
    loops = outer;
    if (in.is(Token.Type.NAME)) in.next();
    return new Node.With(List.of(), body);
  }

  private Node autoescape() {
    Expr on = expressions.expression();
    if (!(on instanceof Expr.Const c) || Value.truth(c.value())) {
      throw in.error("autoescape is not supported in chat templates");
    }
    return new Node.With(List.of(), block("endautoescape"));
  }
}
