package org.puna.model;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.puna.model.tokenizer.Vocabulary;

/**
 * What comes with a model beside its weights.
 *
 * @param name the model's name
 * @param vocabulary reads the tokenizer in the file itself
 * @param tokenizerFile a tokenizer in a file of its own
 * @param chatTemplate the template's text
 * @param generation recommendations
 * @param embedding reads what is said about embedding texts
 */
record Sidecar(
    String name,
    Optional<Supplier<Vocabulary>> vocabulary,
    Optional<Path> tokenizerFile,
    Optional<String> chatTemplate,
    GenerationDefaults generation,
    Supplier<EmbeddingDefaults> embedding) {}
