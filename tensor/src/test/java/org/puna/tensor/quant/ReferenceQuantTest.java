package org.puna.tensor.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Blocks and numbers of the reference implementation (gguf 0.19). Decoding does the reference's
 * float32 operations in its order, so the tolerance is zero bits; encoders that the reference has
 * give its bytes.
 */
class ReferenceQuantTest {
  private static final List<String> ENCODED =
      List.of("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "MXFP4", "TQ1_0", "TQ2_0");

  static Stream<BlockFormat> decoded() {
    return BlockFormats.all().stream().filter(f -> resource(f.name() + ".bin").length > 0);
  }

  static Stream<BlockFormat> encoded() {
    return ENCODED.stream().map(name -> BlockFormats.byName(name).orElseThrow());
  }

  @ParameterizedTest
  @MethodSource("decoded")
  void decodesToTheReferencesBits(BlockFormat format) {
    byte[] blocks = resource(format.name() + ".bin");
    float[] expected = floats(format.name() + ".f32");
    float[] actual = new float[expected.length];
    format.decode(MemorySegment.ofArray(blocks), 0, actual, 0, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.floatToRawIntBits(actual[i]))
          .as("%s number %d: %s, expected %s", format, i, actual[i], expected[i])
          .isEqualTo(Float.floatToRawIntBits(expected[i]));
    }
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void encodesToTheReferencesBytes(BlockFormat format) {
    float[] source = floats(format.name() + ".src.f32");
    byte[] expected = resource(format.name() + ".quantized.bin");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actual = arena.allocate(expected.length);
      format.encode(source, 0, source.length, actual, 0);
      assertThat(actual.mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
    }
  }

  private static float[] floats(String name) {
    byte[] bytes = resource(name);
    float[] f = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(f);
    return f;
  }

  private static byte[] resource(String name) {
    try (InputStream in = ReferenceQuantTest.class.getResourceAsStream("/fixtures/quant/" + name)) {
      return in == null ? new byte[0] : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
