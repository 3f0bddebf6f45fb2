package org.puna.train.data;

/**
 * A text to learn from.
 *
 * @param source where it is from: a file, with the line where it holds many
 * @param text its text
 */
public record Document(String source, String text) {}
