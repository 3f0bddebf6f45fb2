package org.puna.checks.correctness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import org.puna.checks.Published;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Block formats: decoding and encoding against gguf's reference. */
final class QuantSection implements Section {
  private static final String FOLDER = "generated/quant/";
  private static final int NUMBERS = 1 << 16;
  private static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public String markdown() throws IOException {
    StringBuilder out =
        new StringBuilder(
            """
            ## Block formats

            Decoding against gguf 0.19: largest difference over all numbers, which must be 0: the same operations in the same order.
            Encoding: bytes equal to the reference where the reference can encode; otherwise our own encoder. Round trip: root mean
            square error over the root mean square of 65,536 normal numbers.

            | type | decoding | encoding | round trip |
            |---|---:|---|---:|
            """);
    JsonNode index =
        JsonMapper.shared().readTree(Files.readAllBytes(Published.fixture(FOLDER + "index.json")));
    for (String type : index.propertyNames()) {
      BlockFormat format = BlockFormats.byName(type).orElseThrow();
      double decoding = decoding(format);
      assertThat(decoding).as(type).isZero();
      out.append("| ").append(type).append(" | ").append(Reference.shown(decoding)).append(" | ");
      out.append(encoding(format, index.path(type).path("quantize").booleanValue()));
      out.append(" | ").append(roundTrip(format)).append(" |\n");
    }
    return out.toString();
  }

  private static byte[] bytes(String file) throws IOException {
    return Files.readAllBytes(Published.fixture(FOLDER + file));
  }

  private static float[] floats(String file) throws IOException {
    return MemorySegment.ofArray(bytes(file)).toArray(FLOATS);
  }

  private static double decoding(BlockFormat format) throws IOException {
    float[] wanted = floats(format.name() + ".f32");
    float[] found = new float[wanted.length];
    format.decode(MemorySegment.ofArray(bytes(format.name() + ".bin")), 0, found, 0, found.length);
    double worst = 0;
    for (int i = 0; i < wanted.length; i++) {
      boolean same = Float.floatToRawIntBits(wanted[i]) == Float.floatToRawIntBits(found[i]);
      boolean bothNan = Float.isNaN(wanted[i]) && Float.isNaN(found[i]);
      if (!same && !bothNan) {
        double d = Math.abs((double) wanted[i] - found[i]);
        worst = Math.max(worst, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
      }
    }
    return worst;
  }

  private static String encoding(BlockFormat format, boolean reference) throws IOException {
    if (!format.canEncode()) {
      return "none";
    }
    if (!reference) {
      return "our own";
    }
    float[] source = floats(format.name() + ".src.f32");
    byte[] wanted = bytes(format.name() + ".quantized.bin");
    byte[] found = new byte[wanted.length];
    format.encode(source, 0, source.length, MemorySegment.ofArray(found), 0);
    assertThat(Arrays.equals(found, wanted))
        .as(format.name() + " encodes the reference's bytes")
        .isTrue();
    return wanted.length + " bytes equal";
  }

  private static String roundTrip(BlockFormat format) {
    if (!format.canEncode()) {
      return "";
    }
    SplittableRandom random = new SplittableRandom(1);
    float[] x = new float[NUMBERS];
    double power = 0;
    for (int i = 0; i < NUMBERS; i++) {
      x[i] = (float) random.nextGaussian();
      power += (double) x[i] * x[i];
    }
    MemorySegment blocks = MemorySegment.ofArray(new byte[Math.toIntExact(format.bytes(NUMBERS))]);
    format.encode(x, 0, NUMBERS, blocks, 0);
    float[] back = new float[NUMBERS];
    format.decode(blocks, 0, back, 0, NUMBERS);
    double error = 0;
    for (int i = 0; i < NUMBERS; i++) {
      error += ((double) x[i] - back[i]) * ((double) x[i] - back[i]);
    }
    return String.format(Locale.ROOT, "%.3f%%", 100 * Math.sqrt(error / power));
  }
}
