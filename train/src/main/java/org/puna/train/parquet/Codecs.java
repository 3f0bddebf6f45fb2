package org.puna.train.parquet;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.format.CompressionCodec;
import org.puna.model.config.BadInput;

/** Expands compressed pages. */
final class Codecs {
  private Codecs() {}

  /**
   * Expands bytes.
   *
   * @param size bytes of the result
   * @throws BadInput if Puna does not know the codec
   * @throws Damaged if the bytes are not what the codec makes
   */
  static byte[] expand(CompressionCodec codec, byte[] in, int from, int length, int size) {
    return switch (codec) {
      case UNCOMPRESSED -> stored(in, from, length, size);
      case SNAPPY -> expand(new SnappyDecompressor(), in, from, length, size);
      case ZSTD -> expand(new ZstdDecompressor(), in, from, length, size);
      case LZ4_RAW -> expand(new Lz4Decompressor(), in, from, length, size);
      case GZIP -> gzip(in, from, length, size);
      case BROTLI, LZ4, LZO ->
          throw new BadInput(
              "compressed with "
                  + codec
                  + "; expected snappy, zstd, gzip, lz4_raw or none; write the file anew with one"
                  + " of these");
    };
  }

  private static byte[] stored(byte[] in, int from, int length, int size) {
    if (length != size) throw new Damaged("a page has " + length + " bytes instead of " + size);
    return Arrays.copyOfRange(in, from, from + length);
  }

  private static byte[] expand(Decompressor d, byte[] in, int from, int length, int size) {
    byte[] out = new byte[size];
    int n = d.decompress(in, from, length, out, 0, size);
    if (n != size) throw new Damaged("a page expands to " + n + " bytes instead of " + size);
    return out;
  }

  private static byte[] gzip(byte[] in, int from, int length, int size) {
    try (var stream = new GZIPInputStream(new ByteArrayInputStream(in, from, length))) {
      byte[] out = stream.readNBytes(size);
      if (out.length != size || stream.read() >= 0) {
        throw new Damaged("a page does not expand to " + size + " bytes");
      }
      return out;
    } catch (IOException e) {
      throw new Damaged("a page is no gzip: " + e.getMessage(), e);
    }
  }
}
