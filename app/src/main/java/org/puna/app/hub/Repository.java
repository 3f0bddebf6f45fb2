package org.puna.app.hub;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a repository has at a commit.
 *
 * @param commit the commit that the revision names, or the revision where the hub does not say
 * @param files its files
 */
record Repository(String commit, List<RemoteFile> files) {
  private static final int MAX_JSON = 64 << 20;
  private static final int MAX_FILES = 100_000;
  private static final int MAX_PATH = 512;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");

  /**
   * Lists a repository: one question where the hub knows sizes and hashes of all files, else the
   * tree's pages as well.
   *
   * @throws BadInput if there is no such repository
   */
  static Repository list(Hub hub, Retry retry, Reference ref) throws InterruptedException {
    String what = ref.toString();
    JsonNode info = null;
    try {
      info =
          page(
                  hub,
                  retry,
                  uri(
                      hub.address("api/models", ref.repo(), "revision", ref.revision()),
                      "blobs=true"),
                  what)
              .json;
    } catch (Hub.Missing e) {
      // Smaller hubs know the tree alone.
    }
    String commit = info == null ? "" : info.path("sha").asString("");
    if (!commit.matches("[0-9a-f]{7,64}")) commit = ref.revision();
    List<RemoteFile> files = new ArrayList<>();
    if (info != null && info.path("siblings").isArray()) {
      for (JsonNode s : info.path("siblings")) files.add(sibling(s));
    }
    boolean whole =
        !files.isEmpty()
            && files.stream()
                .allMatch(f -> f.bytes() >= 0 && !(f.digest() instanceof Digest.Unknown));
    if (!whole) {
      List<RemoteFile> tree = tree(hub, retry, ref, commit);
      if (!tree.isEmpty()) files = tree;
    }
    if (files.isEmpty()) {
      throw new BadInput(
          what
              + ": the hub has no such repository or revision, or nothing in it; check the name"
              + (hub.settings().token().isEmpty() ? ", or set HF_TOKEN if it is private" : ""));
    }
    check(what, files);
    return new Repository(commit, List.copyOf(files));
  }

  private static URI uri(URI address, String query) {
    return URI.create(address + "?" + query);
  }

  private record Page(JsonNode json, String next) {}

  private static Page page(Hub hub, Retry retry, URI address, String what)
      throws Hub.Missing, InterruptedException {
    return retry.run(
        hub,
        what,
        () -> {
          try (Hub.Answer a = hub.get(address, what, 0)) {
            byte[] bytes = a.body().readNBytes(MAX_JSON + 1);
            if (bytes.length > MAX_JSON) {
              throw new HubFailure(what + ": the hub's list of files is longer than 64 MiB");
            }
            return new Page(JsonMapper.shared().readTree(bytes), next(a));
          } catch (JacksonException e) {
            throw new HubFailure(
                what + ": the hub's answer is not JSON; is HF_ENDPOINT the address of a hub?", e);
          }
        });
  }

  private static String next(Hub.Answer a) {
    return a.link().map(NEXT::matcher).filter(Matcher::find).map(m -> m.group(1)).orElse("");
  }

  private static List<RemoteFile> tree(Hub hub, Retry retry, Reference ref, String commit)
      throws InterruptedException {
    List<RemoteFile> out = new ArrayList<>();
    URI first = hub.address("api/models", ref.repo(), "tree", commit);
    URI at = uri(first, "recursive=true");
    Set<URI> seen = new HashSet<>();
    try {
      while (seen.add(at)) {
        Page p = page(hub, retry, at, ref.toString());
        for (JsonNode f : p.json) {
          if (f.path("type").asString("file").equals("file")) out.add(entry(f));
        }
        if (p.next.isEmpty() || out.size() > MAX_FILES) break;
        at = first.resolve(p.next);
      }
    } catch (Hub.Missing e) {
      return List.of();
    } catch (IllegalArgumentException e) {
      throw new HubFailure(ref + ": the hub's list of files goes on at no address", e);
    }
    return out;
  }

  private static RemoteFile sibling(JsonNode s) {
    JsonNode lfs = s.path("lfs");
    String hash = lfs.path("sha256").asString(lfs.path("oid").asString(""));
    return file(s.path("rfilename").asString(""), s, lfs, hash, s.path("blobId").asString(""));
  }

  private static RemoteFile entry(JsonNode f) {
    JsonNode lfs = f.path("lfs");
    String hash = lfs.path("oid").asString(lfs.path("sha256").asString(""));
    return file(f.path("path").asString(""), f, lfs, hash, f.path("oid").asString(""));
  }

  private static RemoteFile file(String path, JsonNode f, JsonNode lfs, String hash, String blob) {
    long bytes = lfs.path("size").asLong(f.path("size").asLong(-1));
    // The blob of a large file is the pointer to it, not the file.
    String digest = lfs.isObject() ? hash.replaceFirst("^sha256:", "") : blob;
    return new RemoteFile(path, bytes, Digest.of(digest));
  }

  /** A hub's paths become paths here: none may leave the folder, or meet another. */
  private static void check(String what, List<RemoteFile> files) {
    if (files.size() > MAX_FILES) {
      throw new HubFailure(what + ": the repository has more than " + MAX_FILES + " files");
    }
    Set<String> seen = new HashSet<>();
    for (RemoteFile f : files) {
      String p = f.path();
      boolean plain = !p.isEmpty() && p.length() <= MAX_PATH && !p.startsWith("/");
      for (String part : p.split("/", -1)) {
        plain &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
      }
      plain &= p.chars().noneMatch(c -> c < ' ' || c == '\\' || c == ':' || c == 0x7f);
      if (!plain || !seen.add(p.toLowerCase(Locale.ROOT))) {
        throw new HubFailure(
            what
                + ": the repository has a file whose name is not taken: '"
                + p.replaceAll("\\p{Cntrl}", "?")
                + "'");
      }
    }
  }
}
