package org.puna.app.hub;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.puna.model.config.BadInput;

/**
 * The files of a repository that make a model.
 *
 * @param files what to take
 * @param folder whether they are a Hugging Face folder; otherwise they are the parts of a GGUF file
 */
record Selection(List<RemoteFile> files, boolean folder) {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final Pattern WEIGHTS = Pattern.compile("model(-\\d{5}-of-\\d{5})?\\.safetensors");
  private static final Pattern MODULE = Pattern.compile("\\d+_\\w+/[^/]+\\.(json|safetensors)");
  private static final Pattern TEXT =
      Pattern.compile("[^/]+\\.(json|jinja|txt|md)|LICENSE[^/]*|NOTICE[^/]*|[^/]*\\.model");
  private static final int NAMES_SHOWN = 8;

  /**
   * Chooses: the file that was named, else a folder's files, else the only GGUF model.
   *
   * @throws BadInput if there is nothing to choose, or too much
   */
  static Selection of(Reference ref, List<RemoteFile> all) {
    TreeMap<String, List<RemoteFile>> ggufs = ggufs(all);
    if (ref.file().isPresent()) return named(ref, all, ggufs);
    boolean config = all.stream().anyMatch(f -> f.path().equals("config.json"));
    List<RemoteFile> weights = weights(all);
    if (config && !weights.isEmpty()) {
      // Small files first: what is wrong with access or names shows at once.
      List<RemoteFile> out = new ArrayList<>();
      for (RemoteFile f : all) {
        boolean text = TEXT.matcher(f.path()).matches() || MODULE.matcher(f.path()).matches();
        if (text && !weights.contains(f)) out.add(f);
      }
      out.addAll(weights);
      return new Selection(List.copyOf(out), true);
    }
    if (ggufs.size() == 1) return new Selection(ggufs.firstEntry().getValue(), false);
    if (ggufs.isEmpty()) {
      throw new BadInput(
          ref + ": expected config.json with *.safetensors, or a .gguf file, found neither");
    }
    throw new BadInput(
        ref + ": the repository has several models; name one: " + ref + ":NAME, of " + some(ggufs));
  }

  private static String some(TreeMap<String, List<RemoteFile>> ggufs) {
    List<String> names = List.copyOf(ggufs.keySet());
    return String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())))
        + (names.size() > NAMES_SHOWN ? ", …" : "");
  }

  /** The published names of whole models; where there are none, all weights beside config.json. */
  private static List<RemoteFile> weights(List<RemoteFile> all) {
    List<RemoteFile> usual = all.stream().filter(f -> WEIGHTS.matcher(f.path()).matches()).toList();
    return usual.isEmpty()
        ? all.stream().filter(f -> f.path().matches("[^/]+\\.safetensors")).toList()
        : usual;
  }

  /** GGUF models by the name of their only or first file, each with all its parts. */
  private static TreeMap<String, List<RemoteFile>> ggufs(List<RemoteFile> all) {
    TreeMap<String, List<RemoteFile>> out = new TreeMap<>();
    for (RemoteFile f : all) {
      if (!f.path().endsWith(".gguf")) continue;
      Matcher m = PART.matcher(f.path());
      String first = m.matches() ? m.group(1) + "-00001-of-" + m.group(3) + ".gguf" : f.path();
      out.computeIfAbsent(first, _ -> new ArrayList<>()).add(f);
    }
    return out;
  }

  private static Selection named(
      Reference ref, List<RemoteFile> all, TreeMap<String, List<RemoteFile>> ggufs) {
    String name = ref.file().orElseThrow();
    for (List<RemoteFile> parts : ggufs.values()) {
      if (parts.stream().anyMatch(f -> f.path().equals(name))) return gguf(ref, parts);
    }
    Optional<RemoteFile> other = all.stream().filter(f -> f.path().equals(name)).findFirst();
    if (other.isPresent()) {
      throw new BadInput(
          ref + ":" + name + ": expected a .gguf file; for a folder of safetensors pull " + ref);
    }
    // A type such as Q4_K_M, as it stands between dots or dashes before the ending.
    String type = name.toLowerCase(Locale.ROOT);
    List<String> found =
        ggufs.keySet().stream()
            .filter(f ->
                PART.matcher(f)
                    .replaceFirst("$1.gguf")
                    .toLowerCase(Locale.ROOT)
                    .matches(".*[-._/]" + Pattern.quote(type) + "\\.gguf"))
            .toList();
    if (found.size() == 1) return gguf(ref, ggufs.getOrDefault(found.getFirst(), List.of()));
    throw new BadInput(
        ref
            + ":"
            + name
            + ": the repository has "
            + (found.isEmpty() ? "no such file" : "several such files")
            + (ggufs.isEmpty() ? "" : "; its models are " + some(ggufs)));
  }

  private static Selection gguf(Reference ref, List<RemoteFile> parts) {
    Matcher m = PART.matcher(parts.getFirst().path());
    if (m.matches() && Integer.parseInt(m.group(3)) != parts.size()) {
      throw new BadInput(
          ref
              + ": "
              + parts.getFirst().path()
              + ": the repository has "
              + parts.size()
              + " of its "
              + Integer.parseInt(m.group(3))
              + " parts");
    }
    return new Selection(List.copyOf(parts), false);
  }
}
