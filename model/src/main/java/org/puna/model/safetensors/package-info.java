/**
 * safetensors, the weight files of Hugging Face folders: one file, or shards with an index.
 *
 * <p>Imports the JDK, Jackson, {@code tensor} and the packages {@code config} and {@code io} of
 * this module. Start reading at {@link org.puna.model.safetensors.Safetensors} and {@link
 * org.puna.model.safetensors.SafetensorsWriter}.
 */
@NullMarked
package org.puna.model.safetensors;

import org.jspecify.annotations.NullMarked;
