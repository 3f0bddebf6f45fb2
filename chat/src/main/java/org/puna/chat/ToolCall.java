package org.puna.chat;

/**
 * A model's wish to call a function.
 *
 * @param id what the result refers to: nine letters and digits, which every template accepts
 * @param name the function
 * @param arguments a JSON object
 */
public record ToolCall(String id, String name, String arguments) {}
