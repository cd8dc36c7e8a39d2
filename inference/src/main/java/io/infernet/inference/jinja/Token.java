package io.infernet.inference.jinja;

/**
 * A piece of a template.
 *
 * @param text what it says; of a string its value
 * @param line where it is, from 1
 */
record Token(Type type, String text, int line) {

  enum Type {
    TEXT,
    PRINT_BEGIN,
    PRINT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Type wanted, String value) {
    return type == wanted && text.equals(value);
  }
}
