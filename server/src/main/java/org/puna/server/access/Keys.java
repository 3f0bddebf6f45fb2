package org.puna.server.access;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The keys that may use the server: {@code {"keys":[{"name":…,"sha256":…}]}} in a file that only
 * its owner reads.
 *
 * @param all in the order of the file
 */
public record Keys(List<ApiKey> all) {
  private static final int RANDOM_BYTES = 32;

  /** Checks that names are told apart. */
  public Keys {
    all = List.copyOf(all);
    Set<String> names = new HashSet<>();
    for (ApiKey k : all) {
      if (!names.add(k.name())) throw new BadInput("keys: two have the name '" + k.name() + "'");
    }
  }

  /** No keys: whoever reaches the server may use it. */
  public static Keys none() {
    return new Keys(List.of());
  }

  /**
   * The file's content.
   *
   * @param keys in order
   */
  private record Content(@Nullable List<ApiKey> keys) {}

  /**
   * Reads a file of keys.
   *
   * @throws BadInput if it is not one
   */
  public static Keys read(Path file) {
    try {
      Content c = mapper().readValue(Files.readAllBytes(file), Content.class);
      if (c == null || c.keys() == null) {
        throw new BadInput(file + ": expected {\"keys\":[…]}; `puna keys add NAME` writes it");
      }
      return new Keys(c.keys());
    } catch (JacksonException e) {
      Throwable cause = e.getCause();
      String why = cause instanceof BadInput ? cause.getMessage() : JsonFault.said(e);
      throw new BadInput(file + ": expected a file of keys: " + why, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the keys to a file at once, readable by its owner alone. */
  public void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) Files.createDirectories(folder);
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.deleteIfExists(part);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.write(part, mapper().writeValueAsBytes(new Content(all)));
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static JsonMapper mapper() {
    return JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  }

  /** Returns a new random key, to be shown once. */
  public static String generate(SecureRandom random) {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return "sk-puna-" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Returns the hash that a key is stored as. */
  public static String hash(String key) {
    return HexFormat.of().formatHex(digest(key));
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Returns these keys and one more. */
  public Keys with(ApiKey key) {
    List<ApiKey> more = new ArrayList<>(all);
    more.add(key);
    return new Keys(more);
  }

  /** Returns these keys without one; the same if it is not there. */
  public Keys without(String name) {
    return new Keys(all.stream().filter(k -> !k.name().equals(name)).toList());
  }

  /** Returns whose key it is. Every key is compared, each in constant time. */
  public Optional<ApiKey> find(String presented) {
    byte[] hash = hash(presented).getBytes(StandardCharsets.US_ASCII);
    Optional<ApiKey> found = Optional.empty();
    for (ApiKey k : all) {
      if (MessageDigest.isEqual(hash, k.sha256().getBytes(StandardCharsets.US_ASCII))) {
        found = Optional.of(k);
      }
    }
    return found;
  }
}
