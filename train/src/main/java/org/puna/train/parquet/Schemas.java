package org.puna.train.parquet;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/** Makes the tree of a file's columns out of the footer's list. */
final class Schemas {
  private static final int MOST_DEPTH = 64;
  private static final Set<ConvertedType> TEXTS =
      Set.of(ConvertedType.UTF8, ConvertedType.JSON, ConvertedType.ENUM);

  private final List<SchemaElement> elements;
  private int next;

  private Schemas(List<SchemaElement> elements) {
    this.elements = elements;
  }

  /**
   * Makes the tree.
   *
   * @throws Damaged if the list is no tree
   */
  static MessageType of(List<SchemaElement> elements) {
    Schemas s = new Schemas(elements);
    SchemaElement root = s.take();
    MessageType type = new MessageType(root.getName(), s.children(root, 0));
    if (s.next != elements.size()) throw new Damaged("the schema is no tree");
    return type;
  }

  private SchemaElement take() {
    if (next >= elements.size()) throw new Damaged("the schema is no tree");
    return elements.get(next++);
  }

  private List<Type> children(SchemaElement parent, int depth) {
    int n = parent.getNum_children();
    if (n < 1 || n > elements.size() || depth > MOST_DEPTH) {
      throw new Damaged("the schema is no tree");
    }
    List<Type> out = new ArrayList<>();
    for (int i = 0; i < n; i++) out.add(type(take(), depth + 1));
    return out;
  }

  private Type type(SchemaElement e, int depth) {
    Repetition repetition = repetition(e.getRepetition_type());
    LogicalTypeAnnotation kind = kind(e);
    if (!e.isSetType()) {
      return Types.buildGroup(repetition)
          .as(kind)
          .addFields(children(e, depth).toArray(Type[]::new))
          .named(e.getName());
    }
    return Types.primitive(
            PrimitiveTypeName.valueOf(physical(Damaged.required(e.getType(), "a column's type"))),
            repetition)
        .length(Math.max(1, e.getType_length()))
        .as(kind)
        .named(e.getName());
  }

  private static String physical(org.apache.parquet.format.Type t) {
    return switch (t) {
      case BYTE_ARRAY -> "BINARY";
      case BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, FIXED_LEN_BYTE_ARRAY -> t.name();
    };
  }

  private static Repetition repetition(@Nullable FieldRepetitionType r) {
    if (r == null) throw new Damaged("a column is neither required, optional nor repeated");
    return Repetition.valueOf(r.name());
  }

  /**
   * Only what decides how a value is read matters here: texts and lists. Bytes that mean anything
   * else than text are marked as BSON, whatever they are.
   */
  private static @Nullable LogicalTypeAnnotation kind(SchemaElement e) {
    boolean bytes = e.getType() == org.apache.parquet.format.Type.BYTE_ARRAY;
    LogicalType logical = e.getLogicalType();
    ConvertedType converted = e.getConverted_type();
    if (logical == null && converted == null) return null;
    boolean text =
        logical != null
            ? logical.isSetSTRING() || logical.isSetJSON() || logical.isSetENUM()
            : TEXTS.contains(converted);
    if (bytes) return text ? LogicalTypeAnnotation.stringType() : LogicalTypeAnnotation.bsonType();
    boolean list = logical != null ? logical.isSetLIST() : converted == ConvertedType.LIST;
    return list && !e.isSetType() ? LogicalTypeAnnotation.listType() : null;
  }
}
