package org.puna.app.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/** A hub on this machine, with the faults that hubs and networks have. */
final class FakeHub implements AutoCloseable {
  static final String REPO = "org/repo";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  final Map<String, byte[]> files = new LinkedHashMap<>();

  /** Bytes after which the next answers break off, by path; one entry for each answer. */
  final Map<String, List<Integer>> drops = new ConcurrentHashMap<>();

  /** Statuses of the next answers, by path. */
  final Map<String, List<Integer>> statuses = new ConcurrentHashMap<>();

  /** What is sent instead of a file's bytes. */
  final Map<String, byte[]> lies = new ConcurrentHashMap<>();

  /** Requests for files as they came: path and range. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  /** Headers Authorization that the store behind the hub got. */
  final List<String> leaked = new CopyOnWriteArrayList<>();

  Optional<String> token = Optional.empty();
  boolean knowsBlobs = true;
  boolean knowsTree = true;
  boolean knowsRanges = true;
  boolean redirects;
  int pageSize = 1000;

  private final HttpServer server;
  private final HttpServer store;

  FakeHub() throws IOException {
    server = serve(this::hub);
    store = serve(this::store);
  }

  private interface Handler {
    void handle(HttpExchange x) throws IOException;
  }

  private static HttpServer serve(Handler handler) throws IOException {
    HttpServer s = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    s.createContext(
        "/",
        x -> {
          try (x) {
            handler.handle(x);
          }
        });
    s.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    s.start();
    return s;
  }

  URI address() {
    return address(server);
  }

  private static URI address(HttpServer s) {
    return URI.create("http://localhost:" + s.getAddress().getPort());
  }

  private static void answer(HttpExchange x, int status, Object json) throws IOException {
    byte[] body = JsonMapper.shared().writeValueAsBytes(json);
    x.sendResponseHeaders(status, body.length);
    x.getResponseBody().write(body);
  }

  private void hub(HttpExchange x) throws IOException {
    if (token.isPresent()
        && !("Bearer " + token.get()).equals(x.getRequestHeaders().getFirst("Authorization"))) {
      answer(x, 401, Map.of("error", "Invalid username or password."));
      return;
    }
    String path = x.getRequestURI().getPath();
    String api = "/api/models/" + REPO;
    if (knowsBlobs && path.equals(api + "/revision/main")) {
      answer(x, 200, Map.of("sha", COMMIT, "siblings", siblings()));
    } else if (knowsTree && path.matches(api + "/tree/(main|" + COMMIT + ")")) {
      tree(x);
    } else if (path.startsWith("/" + REPO + "/resolve/")) {
      file(x, path.replaceFirst("/" + REPO + "/resolve/[^/]+/", ""));
    } else {
      answer(x, 404, Map.of("error", "Repository not found"));
    }
  }

  private static boolean large(String path) {
    return path.endsWith(".safetensors") || path.endsWith(".gguf");
  }

  private List<Map<String, Object>> siblings() {
    List<Map<String, Object>> out = new ArrayList<>();
    files.forEach((path, bytes) -> {
      Map<String, Object> f = new LinkedHashMap<>();
      f.put("rfilename", path);
      f.put("size", bytes.length);
      f.put("blobId", hash(new Digest.GitBlob(""), bytes));
      if (large(path)) {
        f.put("lfs", Map.of("sha256", hash(new Digest.Sha256(""), bytes), "size", bytes.length));
      }
      out.add(f);
    });
    return out;
  }

  private void tree(HttpExchange x) throws IOException {
    String query = String.valueOf(x.getRequestURI().getQuery());
    int from = query.contains("from=") ? Integer.parseInt(query.replaceAll(".*from=", "")) : 0;
    List<Map<String, Object>> out = new ArrayList<>();
    files.forEach((path, bytes) -> {
      Map<String, Object> f = new LinkedHashMap<>();
      f.put("type", "file");
      f.put("path", path);
      f.put("size", bytes.length);
      f.put("oid", hash(new Digest.GitBlob(""), bytes));
      if (large(path)) {
        f.put("lfs", Map.of("oid", hash(new Digest.Sha256(""), bytes), "size", bytes.length));
      }
      out.add(f);
    });
    out.add(Map.of("type", "directory", "path", "1_Pooling", "size", 0, "oid", "0".repeat(40)));
    int to = Math.min(out.size(), from + pageSize);
    if (to < out.size()) {
      x.getResponseHeaders()
          .add(
              "Link",
              "<" + x.getRequestURI().getPath() + "?recursive=true&from=" + to + ">; rel=\"next\"");
    }
    answer(x, 200, out.subList(from, to));
  }

  private static String hash(Digest kind, byte[] bytes) {
    return java.util.HexFormat.of().formatHex(digest(kind, bytes));
  }

  private static byte[] digest(Digest kind, byte[] bytes) {
    return kind.start(bytes.length).digest(bytes);
  }

  private void file(HttpExchange x, String path) throws IOException {
    byte[] bytes = files.get(path);
    if (bytes == null) {
      answer(x, 404, Map.of("error", "Entry not found"));
      return;
    }
    asked.add(
        path
            + Optional.ofNullable(x.getRequestHeaders().getFirst("Range"))
                .map(r -> " " + r)
                .orElse(""));
    Integer status = next(statuses, path);
    if (status != null) {
      if (status == 429) x.getResponseHeaders().add("Retry-After", "1");
      answer(x, status, Map.of("error", "no"));
      return;
    }
    x.getResponseHeaders()
        .add(
            large(path) ? "X-Linked-Etag" : "ETag",
            '"' + hash(large(path) ? new Digest.Sha256("") : new Digest.GitBlob(""), bytes) + '"');
    if (redirects) {
      x.getResponseHeaders().add("Location", address(store) + "/" + path + "?signed=1");
      x.sendResponseHeaders(302, -1);
      return;
    }
    send(x, path);
  }

  private void store(HttpExchange x) throws IOException {
    String authorization = x.getRequestHeaders().getFirst("Authorization");
    if (authorization != null) leaked.add(authorization);
    x.getResponseHeaders().add("ETag", "\"another\"");
    send(x, x.getRequestURI().getPath().substring(1));
  }

  private static synchronized Integer next(Map<String, List<Integer>> queue, String path) {
    List<Integer> all = queue.getOrDefault(path, List.of());
    if (all.isEmpty()) return null;
    queue.put(path, all.subList(1, all.size()));
    return all.getFirst();
  }

  private void send(HttpExchange x, String path) throws IOException {
    byte[] bytes = lies.getOrDefault(path, files.get(path));
    String range = x.getRequestHeaders().getFirst("Range");
    int from = 0;
    if (range != null && knowsRanges) {
      from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      if (from >= bytes.length) {
        x.sendResponseHeaders(416, -1);
        return;
      }
      x.getResponseHeaders()
          .add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
    }
    byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
    x.sendResponseHeaders(
        range != null && knowsRanges ? 206 : 200, rest.length == 0 ? -1 : rest.length);
    Integer drop = next(drops, path);
    try (OutputStream out = x.getResponseBody()) {
      out.write(rest, 0, drop == null ? rest.length : Math.min(drop, rest.length));
      out.flush();
      if (drop != null && drop < rest.length) x.close();
    }
  }

  String askedFor(String path) {
    return asked.stream().filter(a -> a.startsWith(path)).collect(Collectors.joining(", "));
  }

  static byte[] text(String s) {
    return s.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    server.stop(0);
    store.stop(0);
  }
}
