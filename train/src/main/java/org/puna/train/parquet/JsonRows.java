package org.puna.train.parquet;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes JSON objects of rows: texts, numbers, flags, lists and structures. Columns that are null
 * are left out, and so are bytes that are no text.
 */
final class JsonRows extends RecordMaterializer<ObjectNode> {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Structure root;
  private ObjectNode row = JSON.objectNode();

  JsonRows(MessageType columns) {
    root = new Structure(columns, node -> row = node);
  }

  @Override
  public ObjectNode getCurrentRecord() {
    return row;
  }

  @Override
  public GroupConverter getRootConverter() {
    return root;
  }

  /** Returns whether a column's values are texts. */
  static boolean isText(Type type) {
    return type.isPrimitive()
        && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveType.PrimitiveTypeName.BINARY
        && !(type.getLogicalTypeAnnotation()
            instanceof LogicalTypeAnnotation.BsonLogicalTypeAnnotation);
  }

  private static Converter converter(Type type, Consumer<JsonNode> sink) {
    if (type.isPrimitive()) return new Leaf(isText(type), sink);
    GroupType group = type.asGroupType();
    boolean list =
        type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation
            && group.getFieldCount() == 1
            && group.getType(0).isRepetition(Type.Repetition.REPEATED);
    return list ? new Sequence(group, sink) : new Structure(group, sink::accept);
  }

  /**
   * A structure with named fields; a field that repeats without being a list is one all the same.
   */
  private static final class Structure extends GroupConverter {
    private final List<Converter> fields = new ArrayList<>();
    private final Consumer<ObjectNode> sink;
    private ObjectNode node = JSON.objectNode();

    Structure(GroupType type, Consumer<ObjectNode> sink) {
      this.sink = sink;
      for (Type field : type.getFields()) {
        String name = field.getName();
        fields.add(
            field.isRepetition(Type.Repetition.REPEATED)
                ? converter(field, v -> node.withArray(name).add(v))
                : converter(field, v -> node.set(name, v)));
      }
    }

    @Override
    public Converter getConverter(int field) {
      return fields.get(field);
    }

    @Override
    public void start() {
      node = JSON.objectNode();
    }

    @Override
    public void end() {
      sink.accept(node);
    }
  }

  /** A list: a group around a repeated one, which is a wrapper of the element or the element. */
  private static final class Sequence extends GroupConverter {
    private final Converter repeated;
    private final Consumer<JsonNode> sink;
    private ArrayNode node = JSON.arrayNode();

    Sequence(GroupType type, Consumer<JsonNode> sink) {
      this.sink = sink;
      Type inner = type.getType(0);
      repeated =
          wraps(type.getName(), inner)
              ? new Wrapper(inner.asGroupType().getType(0), v -> node.add(v))
              : converter(inner, v -> node.add(v));
    }

    /**
     * Says whether a repeated field wraps the element.
     *
     * @see "Apache Parquet format, LogicalTypes, lists: backward compatibility rules"
     */
    private static boolean wraps(String list, Type inner) {
      return !inner.isPrimitive()
          && inner.asGroupType().getFieldCount() == 1
          && !inner.getName().equals("array")
          && !inner.getName().equals(list + "_tuple");
    }

    @Override
    public Converter getConverter(int field) {
      return repeated;
    }

    @Override
    public void start() {
      node = JSON.arrayNode();
    }

    @Override
    public void end() {
      sink.accept(node);
    }
  }

  /** The group around a list's element, which is null where nothing comes. */
  private static final class Wrapper extends GroupConverter {
    private final Converter element;
    private final Consumer<JsonNode> sink;
    private JsonNode found = JSON.nullNode();

    Wrapper(Type element, Consumer<JsonNode> sink) {
      this.sink = sink;
      this.element = converter(element, v -> found = v);
    }

    @Override
    public Converter getConverter(int field) {
      return element;
    }

    @Override
    public void start() {
      found = JSON.nullNode();
    }

    @Override
    public void end() {
      sink.accept(found);
    }
  }

  /** A value. */
  private static final class Leaf extends PrimitiveConverter {
    private final boolean text;
    private final Consumer<JsonNode> sink;

    Leaf(boolean text, Consumer<JsonNode> sink) {
      this.text = text;
      this.sink = sink;
    }

    @Override
    public void addBinary(Binary value) {
      if (text) sink.accept(JSON.stringNode(decoded(value.toByteBuffer())));
    }

    private static String decoded(ByteBuffer utf8) {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
      } catch (CharacterCodingException e) {
        throw new Damaged("a text is not UTF-8", e);
      }
    }

    @Override
    public void addBoolean(boolean value) {
      sink.accept(JSON.booleanNode(value));
    }

    @Override
    public void addInt(int value) {
      sink.accept(JSON.numberNode(value));
    }

    @Override
    public void addLong(long value) {
      sink.accept(JSON.numberNode(value));
    }

    @Override
    public void addFloat(float value) {
      sink.accept(JSON.numberNode(value));
    }

    @Override
    public void addDouble(double value) {
      sink.accept(JSON.numberNode(value));
    }
  }
}
