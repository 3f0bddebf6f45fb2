package org.puna.app.hub;

/**
 * A file of a repository.
 *
 * @param path its path in the repository, apart by slashes
 * @param bytes its size, −1 where the hub does not say
 * @param digest what its bytes must hash to
 */
public record RemoteFile(String path, long bytes, Digest digest) {}
