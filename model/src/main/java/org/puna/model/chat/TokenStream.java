package org.puna.model.chat;

import java.util.List;
import org.puna.model.config.BadInput;

/** A position in a template's tokens, with the checks that parsing needs. */
final class TokenStream {
  /** Nested expressions and blocks in the source. */
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token t = tokens.get(at);
    if (at < tokens.size() - 1) at++;
    return t;
  }

  int line() {
    return current().line();
  }

  boolean is(Token.Type type) {
    return current().type() == type;
  }

  boolean isOperator(String op) {
    return current().isOperator(op);
  }

  boolean isName(String name) {
    return current().isName(name);
  }

  boolean skipOperator(String op) {
    if (!isOperator(op)) return false;
    next();
    return true;
  }

  boolean skipName(String name) {
    if (!isName(name)) return false;
    next();
    return true;
  }

  void expectOperator(String op) {
    if (!skipOperator(op)) throw expected(op);
  }

  void expectName(String name) {
    if (!skipName(name)) throw expected(name);
  }

  Token expect(Token.Type type, String what) {
    if (!is(type)) throw expected(what);
    return next();
  }

  BadInput expected(String what) {
    if (is(Token.Type.END)) return error("unexpected end of template, expected '" + what + "'.");
    return error("expected token '" + what + "', got '" + Text.oneLine(current().describe()) + "'");
  }

  BadInput error(String message) {
    return Lexer.syntax(message, line());
  }

  /** Goes one level deeper, bounded because parsing and evaluation recurse. */
  void enter() {
    if (++depth > MAX_DEPTH)
      throw error("more than " + MAX_DEPTH + " nested expressions and blocks");
  }

  void leave() {
    depth--;
  }
}
