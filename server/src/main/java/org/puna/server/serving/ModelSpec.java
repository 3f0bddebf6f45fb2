package org.puna.server.serving;

import java.nio.file.Path;

/**
 * A model that the server may load.
 *
 * @param name what requests call it
 * @param path its file or folder
 * @param pinned whether it is loaded at the start and never unloaded
 */
public record ModelSpec(String name, Path path, boolean pinned) {}
