package org.puna.model.chat;

/**
 * A piece of a template's source.
 *
 * @param type what it is
 * @param text the text of data, names, numbers and operators; the value of strings
 * @param line where it starts, from 1
 */
record Token(Type type, String text, int line) {
  enum Type {
    /** Text copied to the output. */
    DATA,
    /** <code>{{</code> */
    PRINT_BEGIN,
    /** <code>}}</code> */
    PRINT_END,
    /** <code>{%</code> */
    BLOCK_BEGIN,
    /** <code>%}</code> */
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean isName(String name) {
    return type == Type.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }

  /** How Jinja's messages call it. */
  String describe() {
    return switch (type) {
      case DATA -> "template data / text";
      case PRINT_BEGIN -> "begin of print statement";
      case PRINT_END -> "end of print statement";
      case BLOCK_BEGIN -> "begin of statement block";
      case BLOCK_END -> "end of statement block";
      case END -> "end of template";
      case NAME, OPERATOR, INTEGER, FLOAT -> text;
      case STRING -> text;
    };
  }
}
