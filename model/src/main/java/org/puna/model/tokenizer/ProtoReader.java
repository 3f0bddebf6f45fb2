package org.puna.model.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.puna.model.config.BadInput;

/** Reads the wire format of protocol buffers, a field at a time, within the bounds of a message. */
final class ProtoReader {
  private final byte[] data;
  private final int end;
  private final String file;
  private int at;
  private int field;
  private int wire;

  ProtoReader(byte[] data, String file) {
    this(data, 0, data.length, file);
  }

  private ProtoReader(byte[] data, int from, int end, String file) {
    this.data = data;
    this.at = from;
    this.end = end;
    this.file = file;
  }

  /** Goes to the next field; false at the end of the message. */
  boolean next() {
    if (at >= end) return false;
    long tag = varint();
    field = (int) (tag >>> 3);
    wire = (int) (tag & 7);
    if (field <= 0 || tag >>> 3 > 0x1FFFFFFF) throw bad("a field number");
    return true;
  }

  int field() {
    return field;
  }

  /** The field as a message of its own. */
  ProtoReader message() {
    int length = length();
    ProtoReader inner = new ProtoReader(data, at, at + length, file);
    at += length;
    return inner;
  }

  /** The field as bytes. */
  byte[] bytes() {
    int length = length();
    byte[] out = java.util.Arrays.copyOfRange(data, at, at + length);
    at += length;
    return out;
  }

  /** The field as text. */
  String string() {
    int start = at;
    byte[] bytes = bytes();
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return text.toString();
    } catch (CharacterCodingException e) {
      throw new BadInput(file + ": offset " + start + ": expected UTF-8 text", e);
    }
  }

  /** The field as a number or a truth value. */
  long number() {
    if (wire != 0) throw bad("a number");
    return varint();
  }

  float real() {
    if (wire != 5 || end - at < 4) throw bad("a 32-bit float");
    float value = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getFloat(at);
    at += 4;
    return value;
  }

  /** Goes past the field. */
  void skip() {
    switch (wire) {
      case 0 -> varint();
      case 1 -> forward(8);
      case 2 -> forward(length());
      case 5 -> forward(4);
      default -> throw bad("a field type 0, 1, 2 or 5");
    }
  }

  private void forward(int bytes) {
    if (end - at < bytes) throw bad(bytes + " more bytes");
    at += bytes;
  }

  private int length() {
    if (wire != 2) throw bad("a field with a length");
    long length = varint();
    if (length < 0 || length > end - at) throw bad("a length of at most " + (end - at));
    return (int) length;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= end) throw bad("a number");
      byte b = data[at++];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) return value;
    }
    throw bad("a number of at most 10 bytes");
  }

  private BadInput bad(String expected) {
    return new BadInput(
        file + ": offset " + at + ": not a SentencePiece model: expected " + expected);
  }
}
